import Autodiff
import ConViT
import Foundation
import Images
import Runs
import Testing

@testable import Recipes
@testable import Training

/// Classes that count more than others; the losses are in LossTests.
@Suite struct ClassWeightTests {
  private let fixture: TrainingFixture

  init() throws { fixture = try TrainingFixture() }

  private func file(_ text: String) throws -> String {
    let path = "\(fixture.folder)/weights-\(UUID().uuidString).yaml"
    try FileManager.default.createDirectory(
      atPath: fixture.folder, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// n / (classes · n_c): scikit-learn's `compute_class_weight("balanced", …)`.
  @Test func balanced() {
    let expected: [Double] = [2.5, 2.5, 1.25, 10.0 / 24]
    #expect(ClassWeights.balanced([1, 1, 2, 6]) == expected)
    let withoutOne: [Double] = [4.0 / 6, 1, 2]
    #expect(ClassWeights.balanced([3, 0, 1]) == withoutOne)
    let counts = [17, 4, 1, 90]
    let sum = zip(counts, ClassWeights.balanced(counts)).reduce(0) { $0 + Double($1.0) * $1.1 }
    #expect(abs(sum / Double(counts.reduce(0, +)) - 1) < 1e-12)
  }

  @Test func filesHaveAWeightForEachClass() throws {
    let classes = ["cat", "1", "big dog"]
    func weights(_ text: String) throws -> [Double] {
      try ClassWeights.weights(of: classes, from: file(text))
    }
    #expect(try weights("1: 2\nbig dog: 0\ncat: 0.5\n") == [0.5, 2, 0])
    #expect(try weights(#"{"big dog": 3e0, "cat": 1, "1": 1.5}"#) == [1, 1.5, 3])
    for (text, reason) in [
      ("cat: 1\n1: 1", "no weight for big dog"), ("cat: 1\n1: 1\nbig dog: -1", "of 'big dog' must"),
      ("cat: 1\n1: 1\nbig dog: .nan", "of 'big dog' must"), ("cow: 1", "no class 'cow'"),
      ("cat: 0\n1: 0\nbig dog: 0", "all weights are 0"), ("[1, 2, 3]", "form `class: weight`"),
      ("cat: 1\ncat: 2", "there twice"),
    ] {
      let error = #expect(throws: TrainingError.self) { try weights(text) }
      #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
      #expect(error?.isUsage == true)
    }
    #expect(throws: TrainingError.self) { try ClassWeights.weights(of: classes, from: "nowhere") }
  }

  private func train(_ run: String, _ weights: String?) throws -> [Double] {
    var c = try fixture.smallConfiguration(run)
    (c.epochs, c.classWeights, c.nbClasses) = (1, weights, 12)
    // All but a few images of two classes.
    for label in [3, 7] {
      let folder = "\(fixture.folder)/images/train/\(label)"
      for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted().dropFirst(2)
      {
        try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
    }
    var notes: [String] = []
    try Trainer(c).run { if case .note(let text) = $0 { notes.append(text) } }
    #expect(notes.contains { $0.hasPrefix("class weights") } == (weights != nil))
    let steps: [StepRecord] = try fixture.lines("steps.jsonl", of: run)
    return steps.map(\.loss)
  }

  /// Whole runs: weights in a file are those that are computed, and 2 for all doubles the loss.
  @Test func runs() throws {
    let plain = try train("plain", nil)
    let balanced = try train("balanced", "balanced")
    #expect(plain != balanced)
    let images = try ImageFolder(root: fixture.folder + "/images", split: "train")
    let lines = images.classes.enumerated().map { label, name in
      let count = images.samples.count { $0.label == label }
      return "\"\(name)\": \(Double(images.samples.count) / Double(10 * count))"
    }
    #expect(try train("file", file(lines.joined(separator: "\n"))) == balanced)
    let twice = try train("twice", file((0..<10).map { "\($0): 2" }.joined(separator: "\n")))
    // The two outputs without images keep 1, for what smoothing gives to them.
    #expect(twice[0] > 1.9 * plain[0] && twice[0] < 2 * plain[0])
  }

  /// An objective of one's own training.
  @Test func crossEntropyHasWeights() {
    let batch = MixedBatch(
      Batch(inputs: Tensor([2, 1], [0, 0]), labels: [0, 1], indices: [0, 1]), nil)
    let tape = Tape()
    let logits = tape.constant(Tensor([2, 2], [0.3, -0.2, 1, 0.5]))
    let part = ExamplePart(batch: batch, range: 0..<2, inputs: batch.batch.inputs)
    func losses(_ objective: CrossEntropy) -> [Float] {
      objective.losses(Outputs(logits), part).value.elements
    }
    let (plain, weighted) = (losses(CrossEntropy()), losses(CrossEntropy(weights: [3, 0.5])))
    #expect(weighted == [3 * plain[0], 0.5 * plain[1]])
  }
}
