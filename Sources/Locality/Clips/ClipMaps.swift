import Autodiff

/// The attention of one step to one clip, of all groups: [G, H, K + n, K + n], the K class and
/// distillation tokens first.
struct ClipMaps {
  let step: ClipStep
  private let maps: Tensor

  init(_ step: ClipStep, _ maps: Tensor) {
    checkPrecondition(
      maps.shape.rank == 4 && maps.shape[0] == step.groups && maps.shape[3] >= step.length,
      "ClipMaps: maps \(maps.shape) of \(step.groups) groups of \(step.length) patches")
    (self.step, self.maps) = (step, maps)
  }

  var heads: Int { maps.shape[1] }
  var tokens: Int { maps.shape[3] - step.length }

  /// What a patch gives to each patch of the clip, [T·N]. Of the class token, query −1, the mean
  /// over its copies in the groups, as the block takes it.
  func row(head: Int, query: Int) -> [Float] {
    var row = [Float](repeating: 0, count: step.groups * step.length)
    if query >= 0 {
      let (group, member) = step.member(query)
      add(1, head, group, tokens + member, to: &row)
    } else {
      checkPrecondition(tokens > 0, "ClipMaps: the step has no class token")
      for group in 0..<step.groups { add(1 / Float(step.groups), head, group, 0, to: &row) }
    }
    return row
  }

  /// The mean of the rows over the heads.
  func meanRow(query: Int) -> [Float] {
    let rows = (0..<heads).map { row(head: $0, query: query) }
    return rows[0].indices.map { place in
      rows.reduce(0) { $0 + $1[place] } / Float(rows.count)
    }
  }

  /// Where a share that lies on each patch comes from, one step before: Σ_q row[q] · mean row of q.
  func before(_ row: [Float]) -> [Float] {
    var result = [Float](repeating: 0, count: row.count)
    for (query, share) in row.enumerated() where share != 0 {
      let (group, member) = step.member(query)
      for head in 0..<heads {
        add(share / Float(heads), head, group, tokens + member, to: &result)
      }
    }
    return result
  }

  private func add(
    _ share: Float, _ head: Int, _ group: Int, _ token: Int, to row: inout [Float]
  ) {
    let length = maps.shape[3]
    let start = ((group * heads + head) * length + token) * length + tokens
    maps.withUnsafeBufferPointer { maps in
      for member in 0..<step.length {
        row[step.patch(member, ofGroup: group)] += share * maps[start + member]
      }
    }
  }
}
