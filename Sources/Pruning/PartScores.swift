import Autodiff
import ConViT

/// How much each head and each hidden unit of a vision transformer matters: those of the lowest
/// scores go first; see ``KeptParts``.
public struct PartScores: Sendable, Hashable {
  /// Of each block, its heads' scores.
  public let heads: [[Double]]
  /// Of each block, those of the hidden units of its MLP.
  public let units: [[Double]]

  /// By a rule: the squared norm of all weights of a part; the square of what a loss changes by,
  /// to the first order, where all of them go, Σ w · ∂L/∂w (Molchanov et al. 2019,
  /// arXiv:1906.10771); or at random.
  ///
  /// - Throws: `ConfigurationError` for an attention of another kind than those of this package.
  public init(
    of model: VisionTransformer, _ weights: ParameterStore, by rule: PruningRule
  ) throws(ConfigurationError) {
    let (heads, units) = try PartSlices.all(of: model)
    func scores(_ parts: [PartSlices], _ name: String) -> [[Double]] {
      parts.enumerated().map { layer, slices in
        switch rule.method {
        case .magnitude: return slices.squaredNorms(weights)
        case .taylor:
          return slices.squaredSaliencies(weights, rule.givenGradients(for: weights))
        case .random:
          var random = Random(seed: rule.seed).split("pruning").split(name).split(layer)
          return (0..<slices.count).map { _ in random.uniform() }
        }
      }
    }
    (self.heads, self.units) = (scores(heads, "heads"), scores(units, "units"))
  }

  /// By gates: Σ_i (∂L_i/∂g)² over examples i, for a factor g on what a head or a unit gives to the
  /// projection behind it, at g = 1, and the cross-entropy L_i of an example by itself (the gates
  /// of Michel et al. 2019, arXiv:1905.10650; squared, as in Molchanov et al. 2019). A part that
  /// helps one example as much as it harms another matters, too, which it does not in the
  /// derivative of the mean loss.
  ///
  /// A gate is as good as a factor on the weights that take what the part gives, so that
  /// ∂L/∂g = Σ w · ∂L/∂w over them.
  ///
  /// - Parameters:
  ///   - model: whose heads and units are scored.
  ///   - weights: its weights.
  ///   - examples: [B] + `model.input`.
  ///   - labels: their classes.
  ///   - pool: whose threads work.
  /// - Throws: `ConfigurationError` for an attention of another kind than those of this package.
  public init(
    gatesOf model: VisionTransformer, _ weights: ParameterStore, examples: Tensor, labels: [Int],
    on pool: WorkerPool
  ) throws(ConfigurationError) {
    checkPrecondition(
      !labels.isEmpty && examples.shape[0] == labels.count,
      "PartScores: \(labels.count) labels for examples \(examples.shape)")
    let (heads, units) = try PartSlices.all(of: model)
    let parts = heads + units
    let behind = parts.map { weights.tree.slot(of: $0.behind.parameter) }
    let names = Set(behind.map { weights.tree.names[$0] })
    let others = ParameterSelection { name, _ in !names.contains(name) }
    var found = Array(repeating: [[Double]](), count: labels.count)
    found.withUnsafeMutableBufferPointer { found in
      nonisolated(unsafe) let found = found
      pool.run(labels.count) { example in
        let tape = Tape(weights, Pass(frozen: others))
        let loss = model(tape.constant(examples.sliced(0, example..<example + 1)))
          .crossEntropy(labels: [labels[example]]).sum()
        let gradients = tape.gradients(of: loss)
        found[example] = parts.map { $0.gateDerivatives(weights, gradients) }
      }
    }
    var sums = parts.map { Array(repeating: 0.0, count: $0.count) }
    for derivatives in found {
      for (place, part) in derivatives.enumerated() {
        for (index, value) in part.enumerated() { sums[place][index] += value * value }
      }
    }
    self.heads = Array(sums[..<heads.count])
    self.units = Array(sums[heads.count...])
  }
}
