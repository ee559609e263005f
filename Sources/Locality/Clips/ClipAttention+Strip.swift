import ConViT

extension ClipAttention {
  /// The same over the frames beside each other, with the mean over the heads of each step; with
  /// the last step, if there are several, what reaches the query through all of them.
  package var strip: QueryAttention {
    let wide = PatchGrid(rows: grid.rows, columns: frames * grid.columns)
    /// [T·N] → [rows · T · columns]
    func beside(_ values: [Float]) -> [Float] {
      (0..<values.count).map { place in
        let (row, column) = place.quotientAndRemainder(dividingBy: wide.columns)
        let (frame, inside) = column.quotientAndRemainder(dividingBy: grid.columns)
        return values[frame * grid.count + row * grid.columns + inside]
      }
    }
    func map(_ name: String, _ values: [Float]) -> QueryAttention.Map {
      QueryAttention.Map(name: name, values: beside(values))
    }
    let query: AttentionQuery =
      switch query {
      case .classToken: .classToken
      case .patch(let frame, let row, let column):
        .patch(row: row, column: frame * grid.columns + column)
      }
    return QueryAttention(
      grid: wide, frames: frames, query: query,
      layers: layers.flatMap { layer in
        layer.steps.enumerated().map { index, step in
          let isLast = stepCount > 1 && index == layer.steps.count - 1
          return QueryAttention.Layer(
            layer: layer.layer, step: stepCount > 1 ? step.reach.rawValue : nil,
            heads: step.heads.map(beside),
            others: [map("mean", step.mean)] + (isLast ? [map("reach", layer.reach)] : []),
            uniform: step.uniform, gates: step.gates, positional: nil)
        }
      })
  }
}

extension ClipAttention.Step {
  /// The mean over the heads, [T·N].
  package var mean: [Float] {
    heads[0].indices.map { place in
      heads.reduce(0) { $0 + $1[place] } / Float(heads.count)
    }
  }
}
