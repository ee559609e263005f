import Autodiff

/// What masks take from one matrix W of a model, as numbers that are known before anything is
/// pruned: of E = W − M ⊙ W.
public struct RemovedPart: Sendable, Hashable, Codable {
  /// The parameter's published name.
  public let name: String
  /// The matrix, [rows, columns].
  public let rows, columns: Int
  /// How many weights go.
  public let removed: Int
  /// ‖E‖² and ‖W‖², the sums of squares.
  public let removedSquares, squares: Double

  /// ‖E‖ / ‖W‖.
  public var relativeSize: Double {
    squares > 0 ? (removedSquares / squares).squareRoot() : 0
  }
  /// What ‖E‖₂ comes near to if the removed weights are as independent ones.
  public var predictedNorm: Double {
    SpectralNorm.predicted(
      rows: rows, columns: columns, variance: removedSquares / Double(max(rows * columns, 1)))
  }

  /// A bound of ‖E‖₂, as ``SpectralNorm/bound(of:)`` gives it: of the parameter's difference
  /// between two stores.
  package func norm(in weights: ParameterStore, minus kept: ParameterStore) -> Double? {
    guard let weights = weights[name], let kept = kept[name] else { return nil }
    return SpectralNorm.bound(of: weights.minus(kept))
  }

  /// What masks take from each parameter that they mask.
  public static func parts(
    of weights: ParameterStore, by masks: ParameterMasks
  ) -> [RemovedPart] {
    checkPrecondition(
      weights.tree.hasShapes(of: masks.tree), "RemovedPart: masks of another model")
    return weights.values.enumerated().compactMap { slot, value in
      masks.values[slot].map { RemovedPart(weights.tree.names[slot], value, $0) }
    }
  }

  private init(_ name: String, _ weights: Tensor, _ mask: Tensor) {
    self.name = name
    rows = weights.shape.rank > 1 ? weights.shape[0] : 1
    columns = weights.count / max(rows, 1)
    var (count, gone, all) = (0, 0.0, 0.0)
    weights.withUnsafeBufferPointer { weights in
      mask.withUnsafeBufferPointer { mask in
        for place in weights.indices {
          let square = Double(weights[place]) * Double(weights[place])
          all += square
          if mask[place] == 0 { (count, gone) = (count + 1, gone + square) }
        }
      }
    }
    (removed, removedSquares, squares) = (count, gone, all)
  }
}
