import ConViT
import Foundation
import Images
import Testing

@testable import Autodiff
@testable import Training

/// Images that a server gets: bytes, from many callers at a time.
@Suite struct ClassifierBytesTests {
  private let fixture: TrainingFixture
  private let saved: SavedModel
  private let paths: [String]

  init() throws {
    fixture = try TrainingFixture()
    let configuration = try fixture.smallConfiguration()
    let model = try VisionTransformer(configuration.modelConfiguration(classes: 10))
    saved = SavedModel(model, ParameterStore(model, seed: 0))
    let root = try #require(configuration.dataPath)
    paths = try ImageFolder(root: root, split: "val").samples.prefix(6).map(\.path)
  }

  private func bytes(_ path: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
  }

  @Test func bytesAreClassifiedAsTheirFileIs() async throws {
    let classifier = try ImageClassifier(saved, pool: WorkerPool(threads: 1))
    let expected = try paths.map { try classifier.classify($0).top }
    #expect(Set(expected.map { $0.map(\.probability) }).count == 6)
    let images = try paths.map(bytes)
    let shared = try ImageClassifier(saved, pool: WorkerPool(threads: 2))
    for classifier in [classifier, shared] {
      try await withThrowingTaskGroup { group in
        for caller in 0..<16 {
          group.addTask {
            for turn in 0..<6 {
              let place = (caller + turn) % 6
              let prediction = try classifier.classify(images[place], name: "\(caller)")
              #expect(prediction.top == expected[place] && prediction.path == "\(caller)")
            }
          }
        }
        try await group.waitForAll()
      }
    }
    #expect(try classifier.classify(images[0], top: 2).top == Array(expected[0].prefix(2)))
  }

  @Test func whatIsNoImageIsSaid() throws {
    let classifier = try ImageClassifier(saved)
    func message(_ bytes: [UInt8]) -> String {
      do {
        _ = try classifier.classify(bytes, name: "the upload")
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(message([]).hasPrefix("the upload: "))
    #expect(message(Array("hello".utf8)).hasPrefix("the upload: expected "))
    let image = try bytes(paths[0])
    #expect(message(Array(image.prefix(image.count / 2))).hasPrefix("the upload: "))
    #expect(message(image) == "")
    let other = try ImageClassifier(saved, reader: Planes(shape: saved.model.input))
    #expect(throws: TrainingError.self) { try other.classify(image) }
  }

  private struct Planes: ExampleReader {
    let shape: Shape
    func read(
      _ request: ExampleRequest, at place: Int, of count: Int,
      into numbers: UnsafeMutableBufferPointer<Float>, noting: (any Error) -> Void
    ) throws { numbers.initialize(repeating: 0) }
  }

  /// The planes of bytes are those of the file.
  @Test func readersTakeBytes() throws {
    let reader = try saved.imageReader()
    let planes = try reader.tensor(of: bytes(paths[2]))
    #expect(planes.shape == reader.shape)
    let image = try reader.image(at: paths[2])
    #expect(planes == reader.normalization.tensor(image).reshaped(reader.shape))
  }
}
