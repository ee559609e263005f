import Files
import Images

/// What tells whether images are those that a run began with: the classes of both splits, and for
/// each the number of images and a hash of their paths below the data folder.
///
/// The folder may move; what is inside of the files is not looked at.
package struct DataFingerprint: Codable, Hashable, Sendable {
  package struct Class: Codable, Hashable, Sendable {
    package let name: String
    package let images: Int
    /// FNV-1a of the images' paths in order, in hexadecimal.
    package let paths: String
  }

  /// The classes that are trained on, and those that are evaluated, in the order of their labels.
  package let train, val: [Class]

  package init(training: ImageFolder, validation: ImageFolder) {
    train = Self.classes(of: training)
    val = Self.classes(of: validation)
  }

  static func classes(of folder: ImageFolder) -> [Class] {
    var counts = Array(repeating: 0, count: folder.classes.count)
    var hashes = Array(repeating: FNV1a(), count: folder.classes.count)
    let root = folder.root.utf8
    for sample in folder.samples {
      counts[sample.label] += 1
      let path = sample.path.utf8
      hashes[sample.label].add(path.dropFirst(path.starts(with: root) ? root.count : 0))
      hashes[sample.label].add(0)  // which no path has
    }
    return folder.classes.indices.map {
      Class(
        name: folder.classes[$0], images: counts[$0], paths: String(hashes[$0].value, radix: 16))
    }
  }

  package var classNames: [String] { train.map(\.name) }

  /// What is not as it was: "train: class 'ant' has 9 images instead of 8".
  package func differences(from old: DataFingerprint) -> [String] {
    Self.differences("train", train, old.train) + Self.differences("val", val, old.val)
  }

  static func differences(_ split: String, _ new: [Class], _ old: [Class]) -> [String] {
    // From a file, where a name may be there twice; by bytes, as an accent may be spelled two ways.
    func key(_ entry: Class) -> [UInt8] { Array(entry.name.utf8) }
    let before = Dictionary(old.map { (key($0), $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(new.map(key))
    return old.filter { !names.contains(key($0)) }.map { "\(split): class '\($0.name)' is gone" }
      + new.compactMap { new in
        guard let old = before[key(new)] else { return "\(split): class '\(new.name)' is new" }
        if new.images != old.images {
          return "\(split): class '\(new.name)' has \(new.images) images instead of \(old.images)"
        }
        return new == old ? nil : "\(split): images of class '\(new.name)' have other names"
      }
  }
}
