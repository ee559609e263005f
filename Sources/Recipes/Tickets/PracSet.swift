import ConViT
import Files
import Foundation
import Images
import Safetensors
import Training

/// Critical images, and the file that they are from.
typealias GivenSet = (set: PracSet, file: String)

/// The critical images of a round, as a ticket holds them, and the images they were found among.
package struct PracSet: Sendable, Hashable {
  /// Their indices, ascending.
  package let indices: [Int]
  /// How often each was forgotten in the round; −1 for one that was not trained on.
  package let forgotten: [Int]
  let data: [DataFingerprint.Class]
  private let path: String

  static let indicesName = WeightsFile.criticalPrefix + "indices"
  static let forgottenName = WeightsFile.criticalPrefix + "forgotten"
  static let dataName = "ticket_data"

  init(indices: [Int], forgotten: [Int], of images: ImageFolder) {
    (self.indices, self.forgotten) = (indices, forgotten)
    (data, path) = (DataFingerprint.classes(of: images), "the set")
  }

  /// The set in a ticket.
  ///
  /// - Throws: `TrainingError` if the file is no ticket, or has no set that can be trained on.
  package init(contentsOf path: String) throws {
    let file = try SafetensorsFile(contentsOf: path)
    func fault(_ reason: String) -> TrainingError { TrainingError("\(path): \(reason)") }
    guard file.info(Self.indicesName) != nil, file.info(Self.forgottenName) != nil else {
      throw fault(
        "there is no set of critical images in it: one of convit ticket --method prac has")
    }
    (indices, forgotten) = (
      try file.integers(Self.indicesName), try file.integers(Self.forgottenName)
    )
    guard !indices.isEmpty else { throw fault("its set of critical images is empty") }
    guard Set(indices).count == indices.count, indices.count == forgotten.count else {
      throw fault("'\(Self.indicesName)' has an image twice, or not a count for each")
    }
    do {
      data = try JSONDecoder().decode(
        [DataFingerprint.Class].self, from: Data((file.metadata[Self.dataName] ?? "").utf8))
    } catch {
      throw fault("the metadata entry '\(Self.dataName)' is not as expected")
    }
    self.path = path
  }

  /// The images of the set.
  ///
  /// - Throws: `TrainingError` if they are not those that the set was found among.
  func part(of images: ImageFolder) throws -> ImageFolder {
    let differences = DataFingerprint.differences(
      "train", DataFingerprint.classes(of: images), data)
    guard differences.isEmpty else {
      throw TrainingError(
        "\(path): its critical images were found among others: \(shortened(differences, to: 5)); "
          + "the data, and what chooses among them (sampling-ratio, val-fraction, seed), must be "
          + "the same")
    }
    let known = Set(images.samples.map(\.index))
    guard let missing = indices.first(where: { !known.contains($0) }) else {
      return images.subset(indices)
    }
    throw TrainingError("\(path): there is no image of index \(missing) in \(images.folder)")
  }
}
