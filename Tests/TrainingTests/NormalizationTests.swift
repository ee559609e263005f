import Autodiff
import ConViT
import Foundation
import Images
import Testing

@testable import Recipes
@testable import Training

/// The mean and deviation of images as a setting: from a run into its files, and from these into
/// whatever reads images.
@Suite struct NormalizationTests {
  private let fixture: TrainingFixture

  init() throws { fixture = try TrainingFixture() }

  @Test func goesWithTheWeights() throws {
    var c = try fixture.smallConfiguration()
    (c.epochs, c.mean, c.std, c.samplingRatio) = (1, [0.5], [0.25, 0.5, 0.125], 0.2)
    let trained = try Trainer(c).run()
    let expected = ChannelStatistics(mean: [0.5, 0.5, 0.5], std: [0.25, 0.5, 0.125])
    #expect(trained.normalization == expected)
    for name in ["model", "best", "checkpoint"] {
      let path = fixture.file("run/\(name).safetensors").path
      let saved = try SavedModel(weightsOrCheckpoint: path, as: .init())
      #expect(saved.normalization == expected, "\(name)")
    }
    // What is read is (v / 255 − mean) / std.
    let path = try ImageFolder(root: try #require(c.dataPath), split: "val").samples[3].path
    let reader = try trained.imageReader()
    let image = try ImageDecoder().decode(contentsOf: path)
    let planes = reader.normalization.tensor(try reader.image(at: path))
    for (channel, std) in [Float(0.25), 0.5, 0.125].enumerated() {
      for place in [0, 17, 400] {
        let value = (Float(image.pixels[3 * place + channel]) / 255 - 0.5) / std
        #expect(planes.reshaped([3, 784])[channel, place] == value)
      }
    }
    // Predictions are those of such planes, and others with other settings.
    let pool = WorkerPool(threads: 1)
    let logits = trained.model.logits(of: planes, FrozenWeights(trained.weights), on: pool).elements
    func predicted(_ settings: DataSettings) throws -> [Float] {
      try #require(
        try ImageClassifier(trained, reader: trained.imageReader(settings), pool: pool)
          .classify([path], top: 1, withLogits: true)[0]
          .get()
          .logits)
    }
    #expect(try predicted(DataSettings()) == logits)
    let file = fixture.file("run/model.safetensors").path
    let best = try ImageClassifier(contentsOf: file).classify(path, top: 1).top.map(\.index)
    #expect(best == [logits.indices.max { logits[$0] < logits[$1] }])
    var other = DataSettings()
    other.mean = [0.485, 0.456, 0.406]
    #expect(try predicted(other) != logits)
  }

  @Test func whatAFileDoesNotSayIsImageNets() throws {
    let model = try VisionTransformer(fixture.smallConfiguration().modelConfiguration(classes: 10))
    let saved = SavedModel(model, ParameterStore(model, seed: 0))
    #expect(try saved.imageReader().normalization == .imageNet)
    var settings = DataSettings()
    settings.std = [0.5]
    let normalization = try saved.imageReader(settings).normalization
    #expect(normalization.mean == [0.485, 0.456, 0.406] && normalization.std == [0.5, 0.5, 0.5])
  }

  @Test func whatCannotNormaliseIsAnError() throws {
    func fault(_ mean: [Double]?, _ std: [Double]?) -> String {
      var c = TrainingConfiguration()
      (c.mean, c.std) = (mean, std)
      do { try c.validate() } catch { return "\(error)" }
      return "nothing thrown"
    }
    #expect(fault([0.5], [0.2, 0.2, 0.2]) == "nothing thrown")
    #expect(fault([0.5, 0.5], nil).contains("mean must be one number, or three"))
    #expect(fault([.nan], nil).contains("mean must be one number, or three"))
    #expect(fault(nil, [0.1, 0, 0.1]).contains("std must be above 0"))
  }

  /// What augmentations bring in from outside is the mean, as in timm's `create_transform`.
  @Test func augmentationsFillWithTheMean() throws {
    let imageNets: [UInt8] = [124, 116, 104]
    var c = TrainingConfiguration()
    #expect(try corners(c).contains(imageNets))
    for (mean, fill) in [
      ([0.25, 1.5, -1], [64, 255, 0]), ([0.5], [128, 128, 128]),  // 127.5 to even, as in Python
    ] as [([Double], [UInt8])] {
      c.mean = mean
      #expect(try corners(c).contains(fill) && !corners(c).contains(imageNets), "\(mean)")
    }
  }

  /// The colours that the default policy leaves in a corner of a white image.
  private func corners(_ c: TrainingConfiguration) throws -> Set<[UInt8]> {
    let transform = try c.trainingReader().transform
    let white = RGBImage(width: 20, height: 20, pixels: [UInt8](repeating: 255, count: 1200))
    return Set(
      (0..<200).map { seed in
        Array(transform.augmented(white, random: Random(seed: 0).split(seed)).pixels.suffix(3))
      })
  }
}
