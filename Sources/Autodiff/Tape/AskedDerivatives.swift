/// The derivatives by variables that a caller named, while a tape runs backward: those by values in
/// the middle are kept when the tape comes to them, before they pass on to the inputs.
struct AskedDerivatives {
  private var kept: [Int: Tensor] = [:]
  /// Sums that were there before, by parameters among the variables.
  private var before: [Int: Tensor] = [:]
  private let nodes: Set<Int>

  /// Begins with no derivatives by the variables, which may be parameters with sums already.
  init(_ nodes: [Int], _ cotangents: inout Cotangents) {
    self.nodes = Set(nodes)
    for node in self.nodes {
      before[node] = cotangents.values[node]
      cotangents.values[node] = nil
    }
  }

  mutating func keep(_ node: Int, of cotangents: Cotangents) {
    guard !nodes.isEmpty, nodes.contains(node) else { return }
    kept[node] = cotangents.values[node]
  }

  func putBack(_ cotangents: inout Cotangents) {
    for (node, sum) in before { cotangents.add(sum, at: node) }
  }

  func derivative(by node: Int?, _ shape: Shape) -> Tensor {
    node.flatMap { kept[$0] } ?? Tensor(repeating: 0, shape)
  }
}
