import Foundation
import Testing

@testable import Images

/// Parts of a folder: by share, and to validate on.
@Suite struct FolderPartTests {
  private let folder: TemporaryFolder

  /// Classes of 1, 9, 10 and 50 images.
  init() throws {
    folder = try TemporaryFolder()
    for (name, count) in [("a", 1), ("b", 9), ("c", 10), ("d", 50)] {
      for index in 0..<count { try folder.write("train/\(name)/\(index).png") }
    }
  }

  private func whole() throws -> ImageFolder { try ImageFolder(root: folder.path, split: "train") }

  private func counts(_ images: ImageFolder) -> [Int] {
    images.classes.indices.map { label in images.samples.count { $0.label == label } }
  }

  @Test func aShareIsOfEachClassAndKeepsIndices() throws {
    let whole = try whole()
    let part = try whole.sampled(0.3, seed: 1)
    #expect(counts(part) == [1, 2, 3, 15])
    #expect(part.classes == whole.classes)
    #expect(part.samples.allSatisfy { whole.samples[$0.index] == $0 })
    #expect(part.samples.map(\.index) == part.samples.map(\.index).sorted())
    #expect(try whole.sampled(0.3, seed: 1).samples == part.samples)
    #expect(try whole.sampled(0.3, seed: 2).samples != part.samples)
    // A smaller share is part of a larger one.
    let more = Set(try whole.sampled(0.7, seed: 1).samples)
    #expect(more.isSuperset(of: part.samples) && more.count == 1 + 6 + 7 + 35)
    #expect(counts(try whole.sampled(0.001, seed: 1)) == [1, 1, 1, 1])
    #expect(try whole.sampled(1, seed: 1).samples == whole.samples)
  }

  /// ⌊n · ratio⌋ of each class from the front, as in `make_subsampled_dataset` of ConViT's
  /// datasets.py, which goes through files by folder and name.
  @Test func firstOnesAreTheReferences() throws {
    try folder.write("train/d/0/x.png")  // sorts after the files of d itself
    let whole = try whole()
    let error = #expect(throws: DatasetError.self) { try whole.sampled(0.3, seed: nil) }
    #expect(error?.reason == "0.3 of the 1 image of class a is none")
    try FileManager.default.removeItem(atPath: "\(folder.path)/train/a")
    let part = try self.whole().sampled(0.3, seed: nil)
    let names = part.samples.map { ($0.path as NSString).lastPathComponent }
    #expect(
      names == ["0.png", "1.png", "0.png", "1.png", "2.png", "0.png", "1.png", "10.png"]
        + (11..<20).map { "\($0).png" } + ["2.png", "20.png", "21.png"])
    #expect(whole.samples.last?.path.hasSuffix("d/0/x.png") == true)
  }

  @Test func everyClassIsDividedForValidation() throws {
    let whole = try whole()
    let (training, validation) = try whole.divided(validation: 0.1, seed: 7)
    #expect(counts(training) == [1, 8, 9, 45] && counts(validation) == [0, 1, 1, 5])
    #expect(Set(training.samples + validation.samples) == Set(whole.samples))
    #expect(training.classes == whole.classes && validation.classes == whole.classes)
    #expect(training.warnings.count == 1)
    #expect(training.warnings[0].hasSuffix("train: nothing to validate on in 1 class: a"))
    let again = try whole.divided(validation: 0.1, seed: 7)
    #expect(again.validation.samples == validation.samples)
    let other = try whole.divided(validation: 0.1, seed: 8)
    #expect(other.validation.samples != validation.samples)
    // Never all of a class.
    let most = try whole.divided(validation: 0.999, seed: 7)
    #expect(counts(most.training) == [1, 1, 1, 1])
    let one = try ImageFolder(root: folder.path, split: "train").sampled(0.01, seed: 0)
    #expect(throws: DatasetError.self) { try one.divided(validation: 0.5, seed: 0) }
  }

  @Test func aSubsetIsWhatWasAskedFor() async throws {
    let whole = try whole()
    let part = whole.subset([31, 4, 69, 4])
    #expect(part.samples == [31, 4, 69, 4].map { whole.samples[$0] })
    #expect(part.samples.map(\.index) == [31, 4, 69, 4] && part.classes == whole.classes)
    #expect(part.subset([69]).samples == [whole.samples[69]])  // by index, not by place
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let samples = [Example(path: "data/a/1.png", label: 0, index: 3)]
      _ = ImageFolder(root: "data", split: "", classes: ["a"], samples: samples, warnings: [])
        .subset([0])
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.contains("ImageFolder.subset: no image has the index 0 in data"))
  }

  @Test func classesMayLieInTheFolderItself() throws {
    let images = try ImageFolder(root: folder.path + "/train", split: "")
    #expect(images.classes == ["a", "b", "c", "d"])
    #expect(try images.samples == whole().samples)
  }
}
