import Autodiff

extension Changes {
  /// Adds (after − before) / 2h of the first `tokens` rows of each example, or all: [B, rows, C].
  mutating func add(_ after: Tensor, _ before: Tensor, step: Double, tokens: Int? = nil) {
    let (rows, width) = (after.shape[1], after.shape[2])
    after.withUnsafeBufferPointer { after in
      before.withUnsafeBufferPointer { before in
        for start in stride(from: 0, to: after.count, by: rows * width) {
          for index in start..<start + (tokens ?? rows) * width {
            let change = (Double(after[index]) - Double(before[index])) / (2 * step)
            squares += change * change
          }
        }
      }
    }
    count += after.shape[0] * (tokens ?? rows)
  }

  /// Adds (after − before) / 2h − Gz of the patches that G has all values for: [B, T + N, C].
  mutating func add(
    _ after: Tensor, _ before: Tensor, step: Double, apartFrom generator: Resampling,
    of values: Tensor
  ) {
    let (rows, width) = (after.shape[1], after.shape[2])
    let first = rows - generator.terms.count
    let counted = generator.isInside.indices.filter { generator.isInside[$0] }
    let moved = generator.tokens(values)
    after.withUnsafeBufferPointer { after in
      before.withUnsafeBufferPointer { before in
        moved.withUnsafeBufferPointer { moved in
          for start in stride(from: 0, to: after.count, by: rows * width) {
            for patch in counted {
              let from = start + (first + patch) * width
              for index in from..<from + width {
                let change =
                  (Double(after[index]) - Double(before[index])) / (2 * step)
                  - Double(moved[index])
                squares += change * change
              }
            }
          }
        }
      }
    }
    count += after.shape[0] * counted.count
  }
}
