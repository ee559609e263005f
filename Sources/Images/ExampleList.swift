/// A file that lists examples with their classes.
package protocol ExampleList: Sendable {
  var path: String { get }
  /// The splits that it names; empty if it tells nothing of what examples are for.
  var splits: [String] { get }
  /// The files in the order of the list, with the names of their splits, if it has any, and
  /// classes.
  var entries: [(file: String, split: String?, label: String)] { get }
  /// The examples of a split, or all of them for nil; in the order of the list, of which each is
  /// the example's index.
  ///
  /// - Parameters:
  ///   - classes: The classes of the training split, when this is another one: labels are theirs,
  ///     a class they lack is an error and a missing one a warning.
  ///   - owner: Whose those are, for a message.
  /// - Throws: `DatasetError` for a split without examples, or an unknown class.
  func images(
    of split: String?, classes: [String]?, owner: ImageFolder.ClassOwner
  ) throws -> ImageFolder
}
