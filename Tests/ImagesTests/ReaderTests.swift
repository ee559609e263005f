import Autodiff
import Foundation
import Testing

@testable import Images

private func all(
  _ reader: any ExampleReader, _ examples: [Example], batchSize: Int = 3, workers: Int = 2
) throws -> [Batch] {
  let loader = BatchLoader(
    order: examples.map { ExampleRequest($0, random: Random(seed: 5).split($0.index)) },
    reader: reader, batchSize: batchSize, workers: workers)
  var batches: [Batch] = []
  while let batch = try loader.next() { batches.append(batch) }
  return batches
}

/// Image files through `ImageReader`, against what it is made of.
@Suite struct ImageReaderTests {
  private let folder: TemporaryFolder
  private let size = ImageSize(height: 6, width: 8)

  init() throws { folder = try TemporaryFolder() }

  private func examples(_ count: Int) throws -> [Example] {
    try (0..<count).map { index in
      let path = "\(folder.path)/\(index).png"
      var random = Random(seed: 1).split(index)
      let pixels = (0..<3 * 20 * 10).map { _ in UInt8(random.below(256)) }
      try writePNG(RGBImage(width: 20, height: 10, pixels: pixels), to: path)
      return Example(path: path, label: index % 2, index: 7 + index)
    }
  }

  @Test func isTransformNormalisationAndErasing() throws {
    let transform = TrainingTransform(
      crop: RandomResizedCrop(size: ImageSize(height: 6, width: 8)), jitter: 0.4)
    let normalization = try Normalization(mean: [0.1, 0.2, 0.3], std: [1, 2, 3])
    let erasing = RandomErasing(probability: 1, sparesFirstHalf: true)
    let reader = ImageReader(
      transform: transform, normalization: normalization, erasing: erasing)
    #expect(reader.shape == [3, 6, 8])
    let examples = try examples(5)
    let batches = try all(reader, examples)
    #expect(batches.map(\.inputs.shape) == [[3, 3, 6, 8], [2, 3, 6, 8]])
    #expect(batches.map(\.labels) == [[0, 1, 0], [1, 0]] && batches[1].indices == [10, 11])
    let found = batches.flatMap(\.inputs.elements)
    for (place, example) in examples.enumerated() {
      let random = Random(seed: 5).split(example.index)
      let image = transform(try ImageDecoder().decode(contentsOf: example.path), random: random)
      var planes = normalization.tensor(image).elements
      if ![0, 3].contains(place) {  // the first of three, and the first of two
        planes.withUnsafeMutableBufferPointer {
          erasing($0, size: size, random: random.split("erase"))
        }
      }
      #expect(Array(found[(144 * place)..<(144 * (place + 1))]) == planes, "\(place)")
    }
  }

  /// A transform that does not give what it says.
  private struct Wrong: ImageTransform {
    let size = ImageSize(height: 5, width: 6)
    func geometry(of image: ImageSize, random: Random) -> ImageGeometry {
      ImageGeometry(
        region: PixelRegion(wholeOf: image), resized: ImageSize(height: 5, width: 5))
    }
  }

  @Test func anImageOfAnotherSizeIsAnError() throws {
    let example = try examples(1)[0]
    let error = #expect(throws: SampleError.self) {
      try all(ImageReader(transform: Wrong()), [example])
    }
    #expect(
      error.map { "\($0)" } == "\(example.path): the transform gave 5 × 5 pixels, expected 5 × 6")
  }
}

@Suite struct InMemoryExampleTests {
  /// Signals of two channels, in any order, more than once.
  @Test(arguments: [0, 2]) func batchesHaveTheNumbersThatWereAskedFor(workers: Int) throws {
    let numbers = (0..<5 * 2 * 4).map(Float.init)
    let reader = InMemoryExamples(inputs: Tensor([5, 2, 4], numbers), labels: [1, 0, 2, 0, 1])
    #expect(reader.shape == [2, 4] && reader.examples.map(\.label) == reader.labels)
    let order = [4, 0, 0, 3].map { reader.examples[$0] }
    let batches = try all(reader, order, workers: workers)
    #expect(batches.map(\.labels) == [[1, 1, 1], [0]] && batches[0].indices == [4, 0, 0])
    #expect(batches[0].shape == [2, 4])
    let expected = order.flatMap { Array(numbers[(8 * $0.index)..<(8 * $0.index + 8)]) }
    #expect(batches.flatMap(\.inputs.elements) == expected)
  }

  @Test func anExampleThatIsNotThereIsAnError() {
    let reader = InMemoryExamples(inputs: Tensor(repeating: 0, [2, 3]), labels: [0, 1])
    let error = #expect(throws: SampleError.self) {
      try all(reader, [Example(label: 0, index: 1), Example(label: 0, index: 2)])
    }
    #expect(error.map { "\($0)" } == "example 2: there are the examples 0 to 1")
  }

  @Test func filesOfTheMNISTFamilyBecomeExamples() throws {
    let folder = try TemporaryFolder()
    func file(_ name: String, _ bytes: [UInt8]) throws -> String {
      try folder.write(name, bytes)
      return "\(folder.path)/\(name)"
    }
    let images = try file(
      "images", [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3] + [0, 51, 255, 102, 0, 0])
    let labels = try file("labels", [0, 0, 8, 1, 0, 0, 0, 2] + [4, 9])
    let data = try IDXDataset(images: images, labels: labels, classCount: 10)
    let reader = try InMemoryExamples(data, normalization: Normalization(mean: [0.2], std: [0.5]))
    #expect(reader.shape == [1, 1, 3] && reader.labels == [4, 9])
    let values = [0, 51, 255, 102, 0, 0].map { (value: Float) in (value / 255 - 0.2) / 0.5 }
    #expect(reader.inputs.elements == values)
    #expect(throws: TransformError.self) {
      try InMemoryExamples(data, normalization: .imageNet)
    }
  }
}

/// The reader that the documentation of `ExampleReader` shows.
private struct RawFloats: ExampleReader {
  let shape: Shape = [1, 2, 2]

  func read(
    _ request: ExampleRequest, at place: Int, of count: Int,
    into numbers: UnsafeMutableBufferPointer<Float>, noting: (any Error) -> Void
  ) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: request.example.path))
    guard data.copyBytes(to: numbers) == 4 * shape.elementCount else {
      throw DatasetError(path: request.example.path, reason: "expected \(shape) floats")
    }
    if numbers[0] < 0 { noting(DatasetError(path: request.example.path, reason: "begins below 0")) }
  }
}

@Suite struct OwnReaderTests {
  @Test func readsWhatItLikesAndSaysWhatIsWrong() throws {
    let folder = try TemporaryFolder()
    let contents: [[Float]] = [[1, 2, 3, 4], [-5, 6, 7, 8], [9]]
    let examples = try contents.enumerated().map { index, values in
      let path = "\(folder.path)/\(index).raw"
      try values.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: path)) }
      return Example(path: path, label: 0, index: index)
    }
    let batch = try #require(try all(RawFloats(), Array(examples[..<2])).first)
    #expect(batch.inputs == Tensor([2, 1, 2, 2], contents[0] + contents[1]))
    #expect(batch.notes.map { "\($0)" } == ["\(folder.path)/1.raw: begins below 0"])
    let error = #expect(throws: SampleError.self) { try all(RawFloats(), examples) }
    #expect(error.map { "\($0)" } == "\(folder.path)/2.raw: expected [1, 2, 2] floats")
  }
}
