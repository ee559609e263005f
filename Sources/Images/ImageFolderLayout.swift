import Autodiff
import Foundation

/// Which files an `ImageFolderWriter` makes.
struct ImageFolderLayout {
  /// How what is on disk compares.
  enum Comparison: Hashable {
    /// There is nothing, or an empty folder.
    case absent
    /// Every file is there, and no other.
    case complete
    /// This many files are missing; there is no other.
    case lacking(Int)
    /// There is something else, such as what is at this path.
    case other(String)
  }

  private let names: [String]  // by split
  private let labels: [[UInt8]]  // by split
  private let classes: [String]
  private let starts: [Int]  // the first image of each split, when they are counted through

  /// Images in all splits.
  let count: Int

  init(splits: [ImageFolderWriter.Split], classes: [String]) {
    names = splits.map(\.name)
    labels = splits.map(\.labels)
    self.classes = classes
    var total = 0
    var starts: [Int] = []
    for split in labels {
      checkPrecondition(
        split.allSatisfy { Int($0) < classes.count },
        "ImageFolderWriter: a label is not below \(classes.count), the number of classes")
      starts.append(total)
      total += split.count
    }
    self.starts = starts
    count = total
  }

  /// The folders of the classes of every split, as paths within the output.
  var folders: [String] { names.flatMap { split in classes.map { "\(split)/\($0)" } } }

  /// The split, and the image in it, of the `i`-th image of all.
  func location(of i: Int) -> (split: Int, image: Int) {
    let split = (starts.lastIndex { $0 <= i }) ?? 0
    return (split, i - starts[split])
  }

  /// The path of an image within the output; padded, so that paths sort as the images did.
  func path(split: Int, image: Int) -> String {
    "\(names[split])/\(classes[Int(labels[split][image])])/\(fileName(image))"
  }

  private func fileName(_ image: Int) -> String {
    let digits = String(image)
    return String(repeating: "0", count: max(5 - digits.count, 0)) + digits + ".png"
  }

  /// Compares what is at `output`, hidden files included.
  ///
  /// - Throws: `DatasetError` when it is not a folder or cannot be read.
  func compare(with output: String) throws -> Comparison {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: output, isDirectory: &isFolder) else {
      return .absent
    }
    guard isFolder.boolValue else {
      throw DatasetError(path: output, reason: "is there and is not a folder")
    }
    var expected: [String: Set<String>] = ["": Set(names)]  // names by folder
    for name in names { expected[name] = Set(classes) }
    for folder in folders { expected[folder] = [] }
    for split in names.indices {
      for (image, label) in labels[split].enumerated() {
        expected["\(names[split])/\(classes[Int(label)])"]?.insert(fileName(image))
      }
    }
    let top = try contents(of: output)
    if top.isEmpty { return .absent }
    var found = 0
    var queue = [("", top)]
    while let (folder, entries) = queue.popLast() {
      for entry in entries {
        let path = folder.isEmpty ? entry : "\(folder)/\(entry)"
        guard expected[folder]?.contains(entry) == true else { return .other(path) }
        if expected[path] != nil {
          queue.append((path, try contents(of: "\(output)/\(path)")))
        } else {
          found += 1
        }
      }
    }
    return found == count ? .complete : .lacking(count - found)
  }

  private func contents(of folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw DatasetError(path: folder, reason: "is there and cannot be read as a folder")
    }
  }
}
