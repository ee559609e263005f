import Foundation
import Images
import Testing

/// Every image of a folder against what Pillow reads from it; `make pillow-images` makes the list
/// of these and runs this test, which is nothing without it.
@Suite(.enabled(if: PillowImages.list != nil)) struct PillowImagesTests {
  @Test func everyFileIsAsPillowReadsIt() throws {
    let images = try PillowImages.read()
    let known = try PillowImages.knownDifferences()
    var same = 0
    for image in images {
      let difference = image.difference
      if difference == nil { same += 1 }
      let isKnown = known.contains((image.name as NSString).lastPathComponent)
      if let difference, !isKnown { Issue.record("\(image.name): \(difference)") }
      if difference == nil, isKnown {
        Issue.record("\(image.name) is read as by Pillow, but docs/BAD-INPUTS.md says otherwise")
      }
    }
    print("\(same) of \(images.count) files that Pillow reads have its pixels")
  }
}

/// A list of images with what Pillow reads from them.
enum PillowImages {
  /// The file that Scripts/pillow/expected.py has written.
  static let list = ProcessInfo.processInfo.environment["PILLOW_EXPECTED"]

  struct Image: Decodable {
    let name: String
    let path: String
    let width: Int
    let height: Int
    let rgb: String  // the file of its bytes

    /// How what is read here differs; nil if it does not.
    var difference: String? {
      do {
        let image = try ImageDecoder(sixteenBit: .pillow).decode(contentsOf: path)
        guard image.width == width && image.height == height else {
          return "\(image.width) × \(image.height) pixels, expected \(width) × \(height)"
        }
        let expected = try Array(Data(contentsOf: URL(fileURLWithPath: rgb)))
        guard expected.count == image.pixels.count else { return "\(expected.count) bytes of RGB" }
        let different = zip(expected, image.pixels).count { $0 != $1 }
        return different == 0 ? nil : "\(different) of \(expected.count) bytes differ"
      } catch {
        return "\(error)"
      }
    }
  }

  static func read() throws -> [Image] {
    let text = try String(contentsOfFile: list ?? "", encoding: .utf8)
    return try text.split(separator: "\n").map {
      try JSONDecoder().decode(Image.self, from: Data($0.utf8))
    }
  }

  /// The files in the table of docs/BAD-INPUTS.md under "Images that Pillow reads differently".
  static func knownDifferences() throws -> Set<String> {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(
      contentsOf: root.appendingPathComponent("docs/BAD-INPUTS.md"), encoding: .utf8)
    let sections = text.components(separatedBy: "\n## ")
    let section = sections.first { $0.hasPrefix("Images that Pillow reads differently\n") } ?? ""
    return Set(
      section.split(separator: "\n").filter { $0.hasPrefix("|") }.flatMap { row in
        row.split(separator: "|")[0].split(separator: "`").enumerated()
          .filter { $0.offset % 2 == 1 }.map { String($0.element) }
      })
  }
}
