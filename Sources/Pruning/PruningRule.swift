import Autodiff

/// Which weights of a model go, for a share that is to go: exactly so many, and the same ones
/// always.
///
/// ```swift
/// let masks = PruningRule(.magnitude).masks(of: weights, sparsity: 0.5)
/// weights.apply(masks)
/// ```
///
/// Source of the two methods that are compared: Qian and Klabjan, A Probabilistic Approach to
/// Neural Network Pruning (ICML 2021).
public struct PruningRule: Sendable {
  /// By what weights are chosen.
  public enum Method: String, Sendable, CaseIterable, Codable {
    /// The smallest |w| go, of equal ones those with the lower index.
    case magnitude
    /// Any, each as likely as every other.
    case random
    /// The smallest |w · ∂L/∂w| go, which is what the loss L changes by, to the first order, where
    /// one goes (Molchanov et al. 2019, arXiv:1906.10771); ``gradients`` are needed.
    case taylor

    /// Those of which it is known what they do to weights that follow a law; see ``EntryLaw``.
    static let lawful: [Method] = [.magnitude, .random]
  }

  /// Among which weights the share is taken.
  public enum Scope: String, Sendable, CaseIterable, Codable {
    /// Of each parameter by itself.
    case layer
    /// Of all together, in the model's order.
    case global
  }

  /// By what they are chosen.
  public var method: Method
  /// Among which the share is taken.
  public var scope: Scope
  /// The parameters of which weights may go.
  public var selection: ParameterSelection
  /// What a random choice depends on, beside the names of the parameters.
  public var seed: UInt64
  /// The gradients of a loss at the weights, for ``Method/taylor``.
  public var gradients: Gradients?

  /// A rule; by default for what ``Autodiff/ParameterSelection/prunable(patchEmbedding:head:)``
  /// says, layer by layer.
  public init(
    _ method: Method, scope: Scope = .layer, selection: ParameterSelection = .prunable(),
    seed: UInt64 = 0
  ) {
    (self.method, self.scope, self.selection, self.seed) = (method, scope, selection, seed)
  }

  /// The masks that remove the share `sparsity`: of each D weights (of a layer, or of all) the
  /// nearest whole number to `sparsity` · D, halves rounded up.
  ///
  /// - Parameters:
  ///   - weights: what goes is chosen by.
  ///   - sparsity: the share that goes.
  ///   - earlier: what is gone already. It counts among what goes, before all else, and stays
  ///     gone where it is more than the share.
  /// - Precondition: `sparsity` is in 0 ... 1, and there are gradients for ``Method/taylor``.
  public func masks(
    of weights: ParameterStore, sparsity: Double, after earlier: ParameterMasks? = nil
  ) -> ParameterMasks {
    checkPrecondition((0...1).contains(sparsity), "PruningRule: a sparsity of \(sparsity)")
    let slots = selection.slots(in: weights.tree)
    let keys = slots.map { slot in
      let keys = self.keys(of: weights, slot: slot)
      guard let mask = earlier?.values[slot] else { return keys }
      return zip(keys, mask.elements).map { $1 == 0 ? 0 : max($0, 1) }
    }
    var masks = ParameterMasks(weights.tree)
    for group in scope == .layer ? slots.indices.map({ [$0] }) : [Array(slots.indices)] {
      let count = group.reduce(0) { $0 + keys[$1].count }
      var cut = LowestKeys(
        Int((sparsity * Double(count)).rounded()), of: group.map { keys[$0] })
      for index in group {
        let shape = weights.values[slots[index]].shape
        masks[slot: slots[index]] = Tensor(shape, keys[index].map { cut.take($0) ? 0 : 1 })
      }
    }
    return earlier.map(masks.intersection) ?? masks
  }

  /// The share of the weights that may go that masks remove.
  public func share(removedBy masks: ParameterMasks) -> Double {
    masks.removedShare(in: selection.slots(in: masks.tree))
  }

  /// What orders the weights of a parameter, the first to go with the lowest.
  package func keys(of weights: ParameterStore, slot: Int) -> [UInt32] {
    let values = weights.values[slot]
    switch method {
    case .magnitude:  // the bits of positive floats are in the order of the floats
      return values.withUnsafeBufferPointer { $0.map { abs($0).bitPattern } }
    case .taylor:
      return zip(values.elements, givenGradients(for: weights)[slot: slot].elements)
        .map { abs($0 * $1).bitPattern }
    case .random:
      var random = Random(seed: seed).split("pruning").split(weights.tree.names[slot])
      return (0..<values.count).map { _ in UInt32(truncatingIfNeeded: random.next() >> 32) }
    }
  }
}

extension PruningRule {
  /// The gradients that were given.
  func givenGradients(for weights: ParameterStore) -> Gradients {
    guard let gradients else {
      fatalError("PruningRule: Taylor's method needs gradients of a loss at the weights")
    }
    checkPrecondition(
      gradients.tree.hasShapes(of: weights.tree), "PruningRule: gradients of another model")
    return gradients
  }
}

/// A number of the lowest among keys that come one by one, in order: of equal ones the first.
package struct LowestKeys {
  private let limit: UInt32  // all below it are
  private var ties: Int  // and the first so many that equal it

  /// The `count` lowest of all keys in some lists: which these are takes two counts of 16 bits.
  package init(_ count: Int, of keys: [[UInt32]]) {
    guard count < keys.reduce(0, { $0 + $1.count }) else {  // all of them
      (limit, ties) = (.max, .max)
      return
    }
    func place(_ rank: Int, _ bin: (UInt32) -> Int?) -> (bin: Int, below: Int) {
      var counts = Array(repeating: 0, count: 1 << 16)
      for list in keys {
        for key in list { if let place = bin(key) { counts[place] += 1 } }
      }
      var below = 0
      for (bin, inBin) in counts.enumerated() {
        if below + inBin > rank { return (bin, below) }
        below += inBin
      }
      return (counts.count - 1, below)
    }
    let high = place(count) { Int($0 >> 16) }
    let low = place(count - high.below) { Int($0 >> 16) == high.bin ? Int($0 & 0xffff) : nil }
    limit = UInt32(high.bin) << 16 | UInt32(low.bin)
    ties = count - high.below - low.below
  }

  /// Whether the next key is among them.
  package mutating func take(_ key: UInt32) -> Bool {
    guard key == limit, ties > 0 else { return key < limit }
    ties -= 1
    return true
  }
}
