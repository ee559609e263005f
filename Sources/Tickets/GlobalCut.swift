import Autodiff
import ConViT
import Pruning

/// What each layer keeps in any case, so that pruning all layers together does not empty one.
public struct LayerFloor: Sendable, Hashable, Codable {
  /// The share of a layer, and a number of weights: the larger counts.
  public let share: Double, weights: Int

  /// 1 %, and eight weights.
  public static let standard = LayerFloor(share: 0.01, weights: 8)
  /// No floor.
  public static let none = LayerFloor(share: 0, weights: 0)

  /// A floor; `share` is in 0 ... 1.
  public init(share: Double, weights: Int = 8) {
    checkPrecondition((0...1).contains(share), "LayerFloor: a share of \(share)")
    (self.share, self.weights) = (share, weights)
  }

  /// Weights that a layer of `count` keeps.
  public func kept(of count: Int) -> Int {
    min(count, max(weights, Int((share * Double(count)).rounded(.up))))
  }
}

/// Pruning of all layers together to an exact number of weights, from what is left, with a floor
/// for each layer.
public struct GlobalCut: Sendable {
  /// The parameters that are pruned.
  public var selection: ParameterSelection
  /// What each of them keeps in any case.
  public var floor: LayerFloor

  /// A cut.
  public init(
    _ selection: ParameterSelection = .prunable(), floor: LayerFloor = .standard
  ) {
    (self.selection, self.floor) = (selection, floor)
  }

  /// The masks that keep so many weights of those that `masks` keep: those that come last by
  /// `rule`, whose scope does not count; of equal ones the first go, in the model's order. A layer
  /// that is at its floor loses nothing, and others more instead.
  ///
  /// - Precondition: floors leave as much to go; see ``least(in:within:)``.
  public func masks(
    keeping count: Int, of weights: ParameterStore, by rule: PruningRule,
    within masks: ParameterMasks? = nil
  ) -> ParameterMasks {
    let slots = selection.slots(in: weights.tree)
    return cut(
      weights.tree, slots, slots.map { rule.keys(of: weights, slot: $0) }, keeping: count, masks)
  }

  /// The same by numbers of one's own for each weight, by slot: the smallest go.
  func masks(
    keeping count: Int, of tree: ParameterTree, byMagnitudes scores: [Tensor],
    within masks: ParameterMasks? = nil
  ) -> ParameterMasks {
    let slots = selection.slots(in: tree)
    let keys = slots.map { slot in scores[slot].elements.map { abs($0).bitPattern } }
    return cut(tree, slots, keys, keeping: count, masks)
  }

  /// How many weights are left of those that are pruned.
  public func remaining(in tree: ParameterTree, within masks: ParameterMasks? = nil) -> Int {
    selection.slots(in: tree).reduce(0) { $0 + kept(tree, $1, masks) }
  }

  /// The fewest weights that floors let a cut keep.
  public func least(in tree: ParameterTree, within masks: ParameterMasks? = nil) -> Int {
    selection.slots(in: tree).reduce(0) { sum, slot in
      sum + min(kept(tree, slot, masks), floor.kept(of: tree.parameters[slot].shape.elementCount))
    }
  }

  private func kept(_ tree: ParameterTree, _ slot: Int, _ masks: ParameterMasks?) -> Int {
    masks?[slot: slot].map { $0.elements.count { $0 != 0 } }
      ?? tree.parameters[slot].shape.elementCount
  }

  private func cut(
    _ tree: ParameterTree, _ slots: [Int], _ keys: [[UInt32]], keeping count: Int,
    _ masks: ParameterMasks?
  ) -> ParameterMasks {
    let surplus = remaining(in: tree, within: masks) - count
    let (floor, least) = (floor, least(in: tree, within: masks))
    checkPrecondition(
      surplus >= 0 && count >= least,
      "GlobalCut: cannot keep \(count) weights, where \(count + surplus) are left and floors keep "
        + "\(least)")
    /// Of each layer the weights that may go, by their keys; nil for one that is gone, or stays.
    let free = zip(slots, keys).map { slot, keys -> [UInt32?] in
      let mask = masks?[slot: slot]?.elements
      let left = mask.map { mask in zip(keys, mask).filter { $0.1 != 0 }.map(\.0) } ?? keys
      var lowest = LowestKeys(max(0, left.count - floor.kept(of: keys.count)), of: [left])
      return keys.enumerated().map { place, key in
        guard mask?[place] != 0 else { return nil }
        return lowest.take(key) ? key : nil
      }
    }
    var lowest = LowestKeys(surplus, of: free.map { $0.compactMap(\.self) })
    var result = masks ?? ParameterMasks(tree)
    for (slot, free) in zip(slots, free) {
      let mask = masks?[slot: slot]?.elements
      let values = free.enumerated().map { place, key -> Float in
        guard mask?[place] != 0 else { return 0 }
        return key.map { lowest.take($0) ? 0 : 1 } ?? 1
      }
      result[slot: slot] = Tensor(tree.parameters[slot].shape, values)
    }
    return result
  }
}

extension ParameterMasks {
  /// The layers of which nothing is kept: what comes behind them sees no image any more.
  public var emptyLayers: [String] { layers.filter { $0.kept == 0 }.map(\.name) }
}

extension GlobalCut {
  /// How many weights are left after rounds that each take the share `rate` of what is left, the
  /// nearest whole number: after round k at place k.
  public static func remainders(of count: Int, rate: Double, rounds: Int) -> [Int] {
    checkPrecondition((0..<1).contains(rate), "GlobalCut.remainders: a rate of \(rate)")
    return (0..<rounds).reduce(into: [count]) { left, _ in
      left.append(left[left.count - 1] - Int((rate * Double(left[left.count - 1])).rounded()))
    }
  }
}
