import CKernels

/// How gradients that are too large are made smaller.
public enum Clipping: Sendable {
  /// All together, to a norm of at most the bound, as `torch.nn.utils.clip_grad_norm_`.
  case norm(Float)
  /// Each element, to at most ± the bound, as `torch.nn.utils.clip_grad_value_`.
  case value(Float)
  /// Each row, to at most the factor times the norm of the row's weights, where the selection says
  /// so (adaptive clipping, Brock et al. 2021).
  case rows(Double, of: ParameterSelection)

  /// Makes gradients of a norm as small as is asked for; returns what is left to scale them by.
  package func apply(
    to gradients: inout Gradients, norm: Double, at weights: ParameterStore, on pool: WorkerPool
  ) -> Float {
    switch self {
    case .norm(let bound): return Gradients.scale(norm: norm, bound: bound)
    case .value(let bound): gradients.clipElements(to: bound, on: pool)
    case .rows(let factor, let selection):
      gradients.clipRows(to: factor, of: weights, on: pool, where: selection)
    }
    return 1
  }
}

extension Gradients {
  /// What gradients are to be multiplied with so that their norm is at most `bound`.
  package static func scale(norm: Double, bound: Float) -> Float {
    checkPrecondition(
      norm.isFinite, "Gradients.scale: the norm is \(norm); leave such a step out")
    return norm > Double(bound) ? Float(Double(bound) / (norm + 1e-6)) : 1
  }

  package mutating func clipElements(to bound: Float, on pool: WorkerPool) {
    values.withUnsafeMutableBufferPointer { values in
      pool.run(values.count) { slot in
        guard let count = values[slot]?.count, let out = values[slot]?.mutablePointer() else {
          return
        }
        ck_clamp(out, bound, count)
      }
    }
  }

  /// Brings the norm of each row to at most `factor` times that of the weights of the row, which
  /// counts as 1e-3 at least, as timm does. A row is what makes one output; a parameter of one axis
  /// is one row.
  package mutating func clipRows(
    to factor: Double, of weights: ParameterStore, on pool: WorkerPool,
    where clipped: ParameterSelection = .all
  ) {
    let isClipped = clipped.isContained(tree)
    guard !isClipped.isEmpty else { return }
    values.withUnsafeMutableBufferPointer { values in
      pool.run(values.count) { slot in
        guard isClipped[slot], let out = values[slot]?.mutablePointer() else { return }
        let weight = weights.values[slot]
        let rows = weight.shape.rank > 1 ? weight.shape[0] : 1
        let columns = weight.count / max(rows, 1)
        for row in 0..<rows {
          let (out, weight) = (out + row * columns, weight.pointer + row * columns)
          let bound = factor * max(ck_sum_squares(weight, columns).squareRoot(), 1e-3)
          let norm = ck_sum_squares(out, columns).squareRoot()
          if !(norm < bound) { ck_scale(out, Float(bound / max(norm, 1e-6)), out, columns) }
        }
      }
    }
  }
}
