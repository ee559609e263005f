import Files
import Foundation
import Images
import Training
import Yams

/// How much each class counts in the loss, for data with more images of some than of others.
struct ClassWeights {
  /// A weight for each output of the model's head; 1 where the data have no such class.
  let values: [Float]
  let note: String

  /// The weights that `class-weights` asks for: `balanced`, or those in a file.
  init(_ asked: String, for folder: ImageFolder, outputs: Int) throws(TrainingError) {
    var counts = Array(repeating: 0, count: folder.classes.count)
    for sample in folder.samples { counts[sample.label] += 1 }
    let weights =
      asked == "balanced"
      ? Self.balanced(counts) : try Self.weights(of: folder.classes, from: asked)
    values = weights.map { Float($0) } + Array(repeating: 1, count: outputs - weights.count)
    func described(_ label: Int?) -> String {
      guard let label else { return "none" }
      let images = counted(counts[label], "image", "images")
      return String(format: "%.3g", weights[label])
        + " (\(ClassNames.shown(folder.classes[label])), \(images))"
    }
    let (least, most) = (
      weights.indices.min { weights[$0] < weights[$1] },
      weights.indices.max { weights[$0] < weights[$1] }
    )
    note =
      Set(weights).count == 1
      ? "class weights: all classes count the same"
      : "class weights are from \(described(least)) to \(described(most))"
  }

  /// n / (classes · n_c), as scikit-learn's `compute_class_weight("balanced")`: the mean over all
  /// images is 1. Classes without images do not count, and have 1.
  static func balanced(_ counts: [Int]) -> [Double] {
    let (all, classes) = (counts.reduce(0, +), counts.count { $0 > 0 })
    return counts.map { $0 > 0 ? Double(all) / Double(classes * $0) : 1 }
  }

  /// The weights in a file of lines `class: weight` (YAML, and so JSON).
  static func weights(of classes: [String], from path: String) throws(TrainingError) -> [Double] {
    func fail(_ reason: String) -> TrainingError {
      TrainingError(usage: "class-weights: \(path): \(reason)")
    }
    let bytes: [UInt8]
    do {
      bytes = try RegularFile.contents(of: path, maxBytes: 16 << 20)
    } catch {
      throw fail("cannot be read: \(error.reason)")
    }
    guard let text = String(validating: bytes, as: UTF8.self),
      let pairs = try YAMLText.root(of: text, from: path)?.mapping
    else { throw fail("expected lines of the form `class: weight`") }
    var found: [String: Double] = [:]
    for (key, value) in pairs {
      let name = key.string ?? "?"
      guard classes.contains(name) else { throw fail("the data have no class '\(name)'") }
      guard let weight = value.float, weight.isFinite, weight >= 0 else {
        throw fail("the weight of '\(name)' must be a number of at least 0")
      }
      found[name] = weight
    }
    let missing = classes.filter { found[$0] == nil }
    guard missing.isEmpty else { throw fail("no weight for \(shortened(missing))") }
    guard found.values.contains(where: { $0 > 0 }) else { throw fail("all weights are 0") }
    return classes.map { found[$0] ?? 0 }
  }
}
