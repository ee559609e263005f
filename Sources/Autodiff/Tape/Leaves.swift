/// Which parameters, or shared values, a pass asked for, and their nodes, by slot.
struct Leaves {
  private struct Leaf {
    var isUsed = false
    var node: Int?
    var site: CallSite?  // of a shared value
  }
  private var leaves: [Leaf] = []

  mutating func begin(_ count: Int) {
    leaves.removeAll(keepingCapacity: true)
    leaves.append(contentsOf: repeatElement(Leaf(), count: count))
  }

  /// The node of a slot, which `makeNode` makes when it is asked for first.
  mutating func use(_ slot: Int, _ makeNode: () -> Int?) -> Int? {
    if !leaves[slot].isUsed { (leaves[slot].isUsed, leaves[slot].node) = (true, makeNode()) }
    return leaves[slot].node
  }

  /// Stops the program if another line shares a value by the parameter: one would serve for both.
  mutating func checkSite(_ site: CallSite, of slot: Int, in tree: ParameterTree) {
    let first = leaves[slot].site ?? site
    leaves[slot].site = first
    checkPrecondition(
      first == site,
      "Tape.shared: \(tree.names[slot]) has a shared value already, of \(first); that of \(site) "
        + "needs a parameter of its own")
  }

  var used: [Int] { leaves.indices.filter { leaves[$0].isUsed } }

  /// Exchanges the derivatives by the nodes of the slots for `sums`, which move and are not copied.
  func exchange(_ cotangents: inout Cotangents, with sums: inout [Tensor?]) {
    for slot in leaves.indices {
      if let node = leaves[slot].node { swap(&cotangents.values[node], &sums[slot]) }
    }
  }
}
