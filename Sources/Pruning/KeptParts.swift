import Autodiff
import ConViT

/// What is to be left of a vision transformer: which heads and hidden units of each block. What
/// goes is gone from the file and from the time.
///
/// ```swift
/// let parts = try KeptParts(of: model, weights, removing: .both, share: 0.5)
/// let small = try parts.smaller(saved)
/// ```
public struct KeptParts: Sendable, Hashable, Codable {
  /// Which parts may go.
  public enum Kind: String, Sendable, CaseIterable, Codable {
    /// Heads of attention.
    case heads
    /// Hidden units of MLPs.
    case mlp
    /// Both, each kind by itself.
    case both
  }

  /// Of each block, the heads that stay, rising; one at least.
  public let heads: [[Int]]
  /// Of each block, the hidden units of its MLP that stay, rising; one at least.
  public let units: [[Int]]

  /// What stays when a share of the heads, the hidden units or both goes: those of the lowest
  /// scores, of equal ones the first.
  ///
  /// - Parameters:
  ///   - kind: which may go.
  ///   - share: how much of them, in 0 ..< 1: of each block the nearest whole number to the share
  ///     of its parts, or of all blocks together; but one stays in each.
  ///   - scope: whether the share is of each block or of all together.
  ///   - scores: what each part matters.
  public init(
    removing kind: Kind, share: Double, _ scope: PruningRule.Scope = .layer, by scores: PartScores
  ) {
    checkPrecondition((0..<1).contains(share), "KeptParts: a share of \(share)")
    heads = Self.kept(scores.heads, share: kind == .mlp ? 0 : share, scope)
    units = Self.kept(scores.units, share: kind == .heads ? 0 : share, scope)
  }

  /// The same by the scores that a rule gives, and in its scope.
  ///
  /// - Throws: `ConfigurationError` for an attention of another kind than those of this package.
  public init(
    of model: VisionTransformer, _ weights: ParameterStore, removing kind: Kind, share: Double,
    by rule: PruningRule = PruningRule(.magnitude)
  ) throws(ConfigurationError) {
    let scores = try PartScores(of: model, weights, by: rule)
    self.init(removing: kind, share: share, rule.scope, by: scores)
  }

  /// The parts that stay, by their scores: the lowest go, of equal ones the first.
  private static func kept(
    _ scores: [[Double]], share: Double, _ scope: PruningRule.Scope
  ) -> [[Int]] {
    var kept = scores.map { Set($0.indices) }
    func remove(_ layers: [Int]) {
      let parts = layers.flatMap { layer in scores[layer].indices.map { (layer, $0) } }
      var left = Int((share * Double(parts.count)).rounded())
      for (layer, part) in parts.sorted(by: {
        (scores[$0.0][$0.1], $0.0, $0.1) < (scores[$1.0][$1.1], $1.0, $1.1)
      }) where left > 0 && kept[layer].count > 1 {
        kept[layer].remove(part)
        left -= 1
      }
    }
    switch scope {
    case .layer: scores.indices.forEach { remove([$0]) }
    case .global: remove(Array(scores.indices))
    }
    return kept.map { $0.sorted() }
  }

  /// The matrices that parts of a kind have numbers in, by their slots, rising.
  ///
  /// - Throws: `ConfigurationError` for an attention of another kind than those of this package.
  package static func matrices(
    of kind: Kind, in model: VisionTransformer, _ tree: ParameterTree
  ) throws(ConfigurationError) -> [Int] {
    let (heads, units) = try PartSlices.all(of: model)
    let parts = (kind == .mlp ? [] : heads) + (kind == .heads ? [] : units)
    return parts.flatMap(\.slices).map(\.parameter).filter { $0.kind == .weight }
      .map(tree.slot(of:)).sorted()
  }

  /// The masks of the weights that go; with them, a model answers as the small one does.
  ///
  /// - Throws: `ConfigurationError` for an attention of another kind than those of this package.
  public func masks(
    of model: VisionTransformer, _ tree: ParameterTree
  ) throws(ConfigurationError) -> ParameterMasks {
    try masks(of: model, tree) { $0.slices }
  }

  /// The masks of those of them alone that take what heads and units give, with which it answers
  /// the same. Outputs' derivative along these is that by the gates of the parts; along all weights
  /// that go, it counts a part once for each matrix on its way. So they are for
  /// ``OutputGap/predicted(_:)``.
  ///
  /// - Throws: as ``masks(of:_:)``.
  public func gateMasks(
    of model: VisionTransformer, _ tree: ParameterTree
  ) throws(ConfigurationError) -> ParameterMasks {
    try masks(of: model, tree) { [$0.behind] }
  }

  private func masks(
    of model: VisionTransformer, _ tree: ParameterTree, in some: (PartSlices) -> [PartSlices.Slice]
  ) throws(ConfigurationError) -> ParameterMasks {
    var masks = ParameterMasks(tree)
    for (slices, kept) in try slices(of: model) where kept.count < slices.count {
      for slice in some(slices) where slice.parameter.kind == .weight {
        let shape = slice.parameter.shape
        var along = Array(repeating: Float(0), count: shape[slice.axis])
        for place in slice.places(of: kept, among: slices.count) { along[place] = 1 }
        let stride = shape.strides[slice.axis]
        masks[slice.parameter] = Tensor(
          shape, (0..<shape.elementCount).map { along[$0 / stride % along.count] })
      }
    }
    return masks
  }

  /// The model without what goes, with its weights: an ordinary model, that trains on, exports, and
  /// loads as any other. Masks that there are go with it.
  ///
  /// - Throws: `WeightsError` if it is no vision transformer, `ConfigurationError` for an attention
  ///   of another kind than those of this package.
  public func smaller(_ saved: SavedModel) throws -> SavedModel {
    let (model, tree) = (try saved.transformer, saved.weights.tree)
    var cuts: [String: (places: [Int], axis: Int)] = [:]
    for (slices, kept) in try slices(of: model) where kept.count < slices.count {
      for slice in slices.slices {
        cuts[tree.names[tree.slot(of: slice.parameter)]] =
          (slice.places(of: kept, among: slices.count), slice.axis)
      }
    }
    func left(of tensor: Tensor, _ name: String) -> Tensor {
      cuts[name].map { tensor.gathered($0.places, $0.axis) } ?? tensor
    }
    let made = configuration(from: model.configuration)
    let small = try VisionTransformer(made)
    let smallTree = ParameterTree(small)
    let values = smallTree.names.compactMap { name in
      saved.weights[name].map { left(of: $0, name) }
    }
    var result = SavedModel(
      small, ParameterStore(smallTree, values), classNames: saved.classNames,
      name: made == model.configuration ? saved.name : nil, normalization: saved.normalization)
    (result.cropRatio, result.interpolation) = (saved.cropRatio, saved.interpolation)
    if let masks = saved.masks {
      var smaller = ParameterMasks(smallTree)
      for (slot, name) in smallTree.names.enumerated() {
        smaller[slot: slot] = tree.slot(named: name).flatMap { masks[slot: $0] }
          .map { left(of: $0, name) }
      }
      result.masks = smaller
    }
    return result
  }

  /// What the small model is made from.
  func configuration(from whole: ViTConfiguration) -> ViTConfiguration {
    var small = whole
    let (heads, units) = (heads.map(\.count), units.map(\.count))
    if heads != (0..<whole.depth).map(whole.heads(inLayer:)) {
      small.headDim = whole.headFeatures
      small.heads = heads.max() ?? whole.heads
      small.headsByLayer = heads.allSatisfy { $0 == small.heads } ? nil : heads
    }
    if units != (0..<whole.depth).map(whole.hiddenDim(inLayer:)) { small.hiddenDimByLayer = units }
    return small
  }

  /// The heads and the units of each block, with those that stay.
  private func slices(
    of model: VisionTransformer
  ) throws(ConfigurationError) -> [(PartSlices, kept: [Int])] {
    checkPrecondition(
      heads.count == model.blocks.count && units.count == model.blocks.count,
      "KeptParts: of \(heads.count) blocks for a model of \(model.blocks.count)")
    let (ofHeads, ofUnits) = try PartSlices.all(of: model)
    return zip(ofHeads, heads).map { ($0, kept: $1) } + zip(ofUnits, units).map { ($0, kept: $1) }
  }
}

extension Tensor {
  /// The places of one axis, in their order, of a tensor of one axis or two.
  fileprivate func gathered(_ places: [Int], _ axis: Int) -> Tensor {
    var sizes = shape.sizes
    sizes[axis] = places.count
    let (old, new) = (shape.strides, Shape(sizes))
    let (length, stride) = (new.strides[axis] * places.count, new.strides[axis])
    return withUnsafeBufferPointer { numbers in
      Tensor(
        new,
        (0..<new.elementCount).map { place in
          let outer = place / length * (shape[axis] * old[axis])
          return numbers[outer + places[place % length / stride] * old[axis] + place % stride]
        })
    }
  }
}
