import Autodiff
import ConViT
import Files

/// How far the outputs of a model move when weights are taken from it: measured, and predicted
/// before any is taken.
///
/// ```swift
/// let gap = OutputGap(model, weights, on: images, pool: pool)
/// let masks = PruningRule(.magnitude).masks(of: weights, sparsity: 0.3)
/// print(gap.predicted(masks), gap.measured(masks))
/// ```
///
/// A gap is √(Σ ‖g − f‖² / Σ ‖f‖²) over all examples, for outputs f of the model, and g of the
/// pruned one. Those of a model that gives zeros alone are NaN.
///
/// A prediction is the first term of Taylor's series around the weights W, along E = W − M ⊙ W: the
/// derivative, from the outputs at W ± E / 8. Of what magnitude pruning takes from a trained model
/// it says all up to half of the weights; at random, more goes than such a series can follow. (The
/// second term is no help: it is worse than none where the first is not enough.)
public struct OutputGap: Sendable {
  private let model: any Model
  private let weights: ParameterStore
  private let examples: Tensor
  private let outputs: Tensor
  private let pool: WorkerPool
  private let precision: Precision

  /// Gaps of a model at `weights` on `examples`, [B] + `model.input`, as an evaluation has them.
  public init(
    _ model: any Model, _ weights: ParameterStore, on examples: Tensor, pool: WorkerPool,
    precision: Precision = .float32
  ) {
    (self.model, self.weights, self.examples) = (model, weights, examples)
    (self.pool, self.precision) = (pool, precision)
    outputs = model.logits(
      of: examples, FrozenWeights(weights, .inference(precision)), on: pool)
  }

  /// The gap that masks make, by a pass with the pruned weights.
  public func measured(_ masks: ParameterMasks) -> Double {
    relative([(1, answers(at: 1, masks)), (-1, outputs)])
  }

  /// The gap that masks would make, by the derivative at the weights as they are: by two passes.
  public func predicted(_ masks: ParameterMasks) -> Double {
    let (ahead, behind) = (answers(at: Self.step, masks), answers(at: -Self.step, masks))
    let factor = 1 / (2 * Double(Self.step))
    return relative([(factor, ahead), (-factor, behind)])
  }

  /// The gap that each layer's part of the masks would make alone, by its derivative.
  ///
  /// - Parameters:
  ///   - masks: what goes.
  ///   - progress: called with the layers done after each.
  public func predictedByLayer(
    _ masks: ParameterMasks, progress: (Int) -> Void = { _ in }
  ) -> [(name: String, gap: Double)] {
    let tree = weights.tree
    var gaps: [(name: String, gap: Double)] = []
    for (slot, mask) in masks.values.enumerated() where mask != nil {
      var single = ParameterMasks(tree)
      single[slot: slot] = mask
      gaps.append((tree.names[slot], predicted(single)))
      progress(gaps.count)
    }
    return gaps
  }

  /// The share of examples whose largest output is that of their class, once masks are applied.
  ///
  /// - Parameters:
  ///   - labels: the classes, one an example.
  ///   - masks: what goes.
  public func accuracy(_ labels: [Int], _ masks: ParameterMasks) -> Double {
    outcome(masks, labels: labels).accuracy
  }

  /// The gap that masks make and the accuracy with them, by one pass.
  ///
  /// - Parameters:
  ///   - masks: what goes.
  ///   - labels: the classes, one an example.
  public func outcome(
    _ masks: ParameterMasks, labels: [Int]
  ) -> (measured: Double, accuracy: Double) {
    let answers = self.answers(at: 1, masks)
    let columns = answers.count / max(labels.count, 1)
    checkPrecondition(
      labels.count == examples.shape[0], "OutputGap: \(labels.count) labels for \(examples.shape)")
    let right = answers.withUnsafeBufferPointer { numbers in
      labels.enumerated().count { row, label in
        let own = numbers[row * columns + label]
        return (0..<columns).allSatisfy { $0 == label || numbers[row * columns + $0] < own }
      }
    }
    let accuracy = Double(right) / Double(max(labels.count, 1))
    return (relative([(1, answers), (-1, outputs)]), accuracy)
  }

  /// What tells gaps of one model on some images from those of others: a hash of the outputs.
  package var fingerprint: String { outputs.fingerprint }

  private static let step: Float = 1 / 8

  /// The outputs at W − t · E.
  private func answers(at t: Float, _ masks: ParameterMasks) -> Tensor {
    checkPrecondition(masks.tree.hasShapes(of: weights.tree), "OutputGap: masks of another model")
    guard masks.values.contains(where: { $0 != nil }) else { return outputs }
    var moved = weights
    for (slot, mask) in masks.values.enumerated() {
      guard let mask else { continue }
      moved[slot: slot] = moved.values[slot].shrunk(by: t, where: mask)
    }
    return model.logits(of: examples, FrozenWeights(moved, .inference(precision)), on: pool)
  }

  /// The size of a sum of tensors, each times a number, by that of the outputs.
  private func relative(_ terms: [(factor: Double, tensor: Tensor)]) -> Double {
    var sums = Array(repeating: 0.0, count: outputs.count)
    for (factor, tensor) in terms {
      tensor.withUnsafeBufferPointer { numbers in
        for place in sums.indices { sums[place] += factor * Double(numbers[place]) }
      }
    }
    let size = outputs.withUnsafeBufferPointer { $0.reduce(0) { $0 + Double($1) * Double($1) } }
    return (sums.reduce(0) { $0 + $1 * $1 } / size).squareRoot()
  }
}

extension Tensor {
  /// What tells these numbers from others: a hash.
  package var fingerprint: String {
    var hash = FNV1a()
    withUnsafeBufferPointer { hash.add(UnsafeRawBufferPointer($0)) }
    return String(hash.value, radix: 16)
  }

  /// (1 − t) times the numbers where a mask is 0, and the same elsewhere.
  fileprivate func shrunk(by t: Float, where mask: Tensor) -> Tensor {
    withUnsafeBufferPointer { numbers in
      mask.withUnsafeBufferPointer { mask in
        Tensor(shape, numbers.indices.map { (mask[$0] == 0 ? 1 - t : 1) * numbers[$0] })
      }
    }
  }
}
