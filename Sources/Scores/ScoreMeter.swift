import Autodiff
import ConViT

/// Scores models before they are trained, on one batch of examples: a forward and a backward pass
/// of it, one of a single example for synaptic flow, and one for each of the first examples where
/// the parts of the gradient kernel are asked for.
///
/// ```swift
/// let meter = ScoreMeter(examples: images, labels: classes)
/// let scores = meter(try VisionTransformer(configuration), seed: 0)
/// scores[.naswot]
/// ```
///
/// Scores of batches of different sizes cannot be compared. A pass is that of an evaluation:
/// nothing is dropped. Everything is computed on the caller's thread, in an order that does not
/// depend on the machine, so that many models can be scored side by side, each to the same bits.
public struct ScoreMeter: Sendable {
  /// [B] + the models' inputs, as an evaluation would have them: not augmented.
  public let examples: Tensor
  /// Their classes; as balanced as possible, the first `kernelExamples` of them too.
  public let labels: [Int]
  /// The scores to compute.
  public var scores = Score.ofOneBatch
  /// How many examples, from the first, the gradient kernel is of: 50 in the paper's experiments.
  public var kernelExamples = 50
  /// The places of pre-activations, with patterns as of `Taps`: those of the blocks' MLPs.
  public var preActivations = "*fc1.output"

  /// A meter for models of classes.
  public init(examples: Tensor, labels: [Int]) {
    checkPrecondition(
      !labels.isEmpty && examples.shape[0] == labels.count,
      "ScoreMeter: \(labels.count) labels for examples \(examples.shape)")
    (self.examples, self.labels) = (examples, labels)
  }

  /// The scores of a model as it starts from a seed.
  public func callAsFunction(_ model: any Model, seed: UInt64) -> [Score: Double] {
    self(model, ParameterStore(model, seed: seed))
  }

  /// The scores of a model at any weights.
  ///
  /// - Precondition: the model shows pre-activations, if NASWOT is asked for.
  public func callAsFunction(_ model: any Model, _ weights: ParameterStore) -> [Score: Double] {
    var values: [Score: Double] = [:]
    if !scores.isDisjoint(with: Self.ofBatch) {
      let pass = batchPass(model, weights)
      if let codes = pass.codes {
        checkPrecondition(codes.units > 0, "ScoreMeter: the model has nothing at \(preActivations)")
        values[.naswot] = codes.logDeterminant
        values[.naswotNormalized] = codes.normalizedLogDeterminant
      }
      values[.mgm] = pass.kernelMean
      values[.gradientNorm] = pass.gradients.norm
      values[.snip] = weights.values.indices.reduce(0) {
        $0 + pass.gradients.sum(abs, ofProductsWith: weights, slot: $1)
      }
    }
    if !scores.isDisjoint(with: Score.ofEachExample) {
      let (diagonal, released) = examplePasses(model, weights)
      values[.mgmDiagonal] = diagonal
      // n² mean = n diagonal + n (n − 1) off-diagonal
      let n = Double(min(kernelExamples, labels.count))
      values[.mgmOffDiagonal] = values[.mgm].flatMap { n > 1 ? (n * $0 - diagonal) / (n - 1) : nil }
      values[.mgmReleased] = released.mean(as: .released)
      values[.mgmAutoProx] = released.mean(as: .autoProx)
    }
    if scores.contains(.synflow) || scores.contains(.dss) {
      let flow = SynapticFlow(through: model, weights)
      values[.synflow] = flow.total
      if scores.contains(.dss) { values[.dss] = flow.diversityAndSaliency }
    }
    if scores.contains(.parameters) { values[.parameters] = Double(weights.tree.elementCount) }
    if scores.contains(.multiplyAdds) {
      values[.multiplyAdds] = Double(model.costs(isWhole: true).multiplyAdds)
    }
    return values.filter { scores.contains($0.key) }
  }

  /// The whole gradient kernel of the first examples, to be looked at: a backward pass for each.
  public func gradientKernel(of model: any Model, _ weights: ParameterStore) -> GradientKernel {
    let count = min(kernelExamples, labels.count)
    return GradientKernel(
      of: model, weights, examples: examples.sliced(0, 0..<count), labels: Array(labels[..<count]))
  }

  private static let ofBatch: Set<Score> = [
    .naswot, .naswotNormalized, .mgm, .mgmOffDiagonal, .gradientNorm, .snip,
  ]

  /// The mean of the squared gradient norms of the first examples, and the numbers that others'
  /// kernels are of: a backward pass for each, of which no more is kept.
  private func examplePasses(
    _ model: any Model, _ weights: ParameterStore
  ) -> (diagonal: Double, released: ReleasedKernel) {
    let count = min(kernelExamples, labels.count)
    var (squares, rows) = (0.0, [[Double]]())
    for index in 0..<count {
      let gradient = Gradients(
        of: model, weights, example: examples.sliced(0, index..<index + 1), label: labels[index])
      squares += gradient.norm * gradient.norm
      rows.append(ReleasedKernel.numbers(of: gradient, weights.tree))
    }
    return (squares / Double(count), ReleasedKernel(rows: rows))
  }

  /// What one forward and backward pass of the batch gives, a few examples at a time.
  private func batchPass(
    _ model: any Model, _ weights: ParameterStore
  ) -> (codes: ActivationCodes?, kernelMean: Double, gradients: Gradients) {
    let wantsCodes = scores.contains(.naswot) || scores.contains(.naswotNormalized)
    let kernelCount = min(kernelExamples, labels.count)
    let shards = Shards(for: model, batchSize: labels.count, lanes: 1)
    var codes = ActivationCodes(examples: labels.count)
    var (gradients, kernelMean) = (Gradients(weights.tree), 0.0)
    // A shard ends where the kernel's examples do, so that their sum is seen on the way.
    let ranges =
      shards.ranges(kernelCount)
      + shards.ranges(labels.count - kernelCount).map {
        $0.lowerBound + kernelCount..<$0.upperBound + kernelCount
      }
    for range in ranges {
      let tape = Tape(weights)
      let x = tape.constant(examples.sliced(0, range))
      let outputs =
        wantsCodes
        ? tape.showing(Taps(preActivations)) { tapped in
          codes.add(tapped.value, from: range.lowerBound)
        } _: {
          model(x)
        } : model(x)
      let loss = outputs.crossEntropy(labels: labels[range]).sum()
      tape.accumulateGradients(of: loss, into: &gradients)
      if range.upperBound == kernelCount {
        let norm = gradients.norm / Double(kernelCount)
        kernelMean = norm * norm
      }
    }
    gradients.multiply(by: 1 / Float(labels.count))
    return (wantsCodes ? codes : nil, kernelMean, gradients)
  }
}
