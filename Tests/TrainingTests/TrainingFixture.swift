import Foundation
import Images
import Recipes
import Safetensors
import Testing
import Training

/// The 320 photographs, weights and losses in Fixtures/ (ConViTTests/Fixtures/README.md).
struct TrainingFixture {
  let folder = NSTemporaryDirectory() + "training-" + UUID().uuidString
  let curve: Curve

  struct Curve: Decodable {
    struct Run: Decodable {
      let losses: [Double]
      let validation_loss: Double
      let validation_accuracy: Double
    }
    struct Recipe: Decodable {
      let batch_size: Int
      let epochs: Int
      let learning_rate: Double
      let weight_decay: Float
      let label_smoothing: Double
      let split: [String: [Int]]
    }
    let float64: Run
    let recipe: Recipe
  }

  init() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: try Self.path("training_curve.json")))
    curve = try JSONDecoder().decode(Curve.self, from: data)
  }

  static func path(_ name: String) throws -> String {
    try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil)).path
  }

  /// The photographs as an image folder.
  func writeImages() throws -> String {
    let file = try SafetensorsFile(contentsOf: try Self.path("training_images.safetensors"))
    let (pixels, labels) = (try file.bytes("images"), try file.integers("labels"))
    for (split, range) in curve.recipe.split {
      for index in range[0]..<range[1] {
        let directory = "\(folder)/images/\(split)/\(labels[index])"
        try FileManager.default.createDirectory(
          atPath: directory, withIntermediateDirectories: true)
        try writePNG(
          gray: Array(pixels[784 * index..<784 * (index + 1)]), width: 28, height: 28,
          to: directory + "/" + String(format: "%05d.png", index))
      }
    }
    return folder + "/images"
  }

  /// The recipe of the curve: PyTorch's weights to start from, a fixed order, a constant rate.
  func configuration(_ run: String = "run") throws -> TrainingConfiguration {
    var c = TrainingConfiguration()
    c.dataPath = try writeImages()
    c.outputDir = "\(folder)/\(run)"
    c.finetune = try Self.path("training_initial.safetensors")
    c.inputSize = try #require(InputSize("28"))
    (c.patchSize, c.heads, c.headDim, c.depth, c.localUpToLayer) = (4, 4, 8, 4, 3)
    (c.batchSize, c.epochs) = (curve.recipe.batch_size, curve.recipe.epochs)
    (c.lr, c.unscaleLr, c.sched, c.warmupEpochs) = (curve.recipe.learning_rate, true, .constant, 0)
    (c.weightDecay, c.smoothing) = (curve.recipe.weight_decay, curve.recipe.label_smoothing)
    (c.mixup, c.cutmix) = (0, 0)
    (c.dropPath, c.shuffle, c.augment, c.repeatedAug, c.logEvery) = (0, false, false, false, 1)
    return c
  }

  /// A smaller model on the same images, which trains in little time.
  func smallConfiguration(_ run: String = "run") throws -> TrainingConfiguration {
    var c = try configuration(run)
    (c.finetune, c.patchSize, c.headDim, c.depth, c.localUpToLayer) = (nil, 14, 4, 2, 1)
    return c
  }

  /// A file below the folder.
  func file(_ name: String) -> URL { URL(fileURLWithPath: "\(folder)/\(name)") }

  /// The lines of a file of a run.
  func lines<Record: Decodable>(_ name: String, of run: String = "run") throws -> [Record] {
    let text = try String(contentsOfFile: "\(folder)/\(run)/\(name)", encoding: .utf8)
    return try text.split(separator: "\n").map {
      try JSONDecoder().decode(Record.self, from: Data($0.utf8))
    }
  }
}
