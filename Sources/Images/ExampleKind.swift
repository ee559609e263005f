/// What the examples of a data set are.
package enum ExampleKind: Sendable {
  case images
  /// Files of clips, and folders of frames.
  case clips

  /// "images", "clips".
  package var plural: String { self == .images ? "images" : "clips" }

  /// What the files hold that are read: "PNG, JPEG or WebP".
  var readNames: String { self == .images ? ImageFormat.readNames : "clips" }

  /// Both in one.
  var described: String { self == .images ? "\(readNames) images" : plural }

  /// Whether the file of this name in a folder is one.
  func isExample(_ name: String, in folder: String) -> Bool {
    self == .images
      ? ImageNames.isImage(name, in: folder) : ClipNames.isClip(name, in: folder)
  }
}
