/// Which parameters, or shared values, a pass asked for, and their nodes, by slot.
struct Leaves {
  private struct Leaf {
    var isUsed = false
    var node: Int?
  }
  private var leaves: [Leaf] = []

  /// None of `count` was asked for yet.
  mutating func begin(_ count: Int) {
    leaves.removeAll(keepingCapacity: true)
    leaves.append(contentsOf: repeatElement(Leaf(), count: count))
  }

  /// The node of a slot, which `makeNode` makes when it is asked for first.
  mutating func use(_ slot: Int, _ makeNode: () -> Int?) -> Int? {
    if !leaves[slot].isUsed { leaves[slot] = Leaf(isUsed: true, node: makeNode()) }
    return leaves[slot].node
  }

  /// The slots that were asked for.
  var used: [Int] { leaves.indices.filter { leaves[$0].isUsed } }

  /// Exchanges the derivatives by the nodes of the slots for `sums`, which move and are not copied.
  func exchange(_ cotangents: inout Cotangents, with sums: inout [Tensor?]) {
    for slot in leaves.indices {
      if let node = leaves[slot].node { swap(&cotangents.values[node], &sums[slot]) }
    }
  }
}
