import Autodiff
import Foundation

/// The most by which matrices lengthen a vector.
public enum SpectralNorm {
  /// ‖W‖₂ of a matrix [m, n], or of a convolution of patches that do not overlap, [m, …], which is
  /// one: at most 0.1 % above the true norm for matrices of up to 3000 rows or columns, and never
  /// below it, but for rounding, for which 1 part in 10⁵ is added. NaN if a number is not finite.
  ///
  /// It is power iteration on all vectors at once: for G = W · Wᵀ (or Wᵀ · W, if that is smaller)
  /// of side s and K = 2¹³, ‖W‖₂ᴷ ≤ trace(G^(K/2)) ≤ s · ‖W‖₂ᴷ, and twelve squarings give G's
  /// power. Each is divided by its trace, whose logarithms add up.
  public static func bound(of weights: Tensor) -> Double {
    let rows = weights.shape.rank > 1 ? weights.shape[0] : 1
    let tape = Tape(.inference)
    let matrix = tape.constant(weights.reshaped(Shape(rows, weights.count / max(rows, 1))))
    let isWide = matrix.shape[0] <= matrix.shape[1]
    var power = matrix.matmul(matrix, transposingSelf: !isWide, transposingOther: isWide)
    var (logarithm, share) = (0.0, 1.0)
    for step in 0...squarings {
      let trace = power.value.trace
      guard trace > 0 else { return trace == 0 ? 0 : .nan }
      guard trace.isFinite else { return .nan }
      logarithm += share * log(trace)
      share /= 2
      guard step < squarings else { break }
      power = Float(1 / trace) * power
      power = power.matmul(power)
    }
    return exp(logarithm / 2) * (1 + 1e-5)
  }

  /// √v · (√m + √n), which the norm of an m × n matrix of independent entries of variance v around
  /// 0 comes near to as it grows (Bai and Yin 1988).
  public static func predicted(rows: Int, columns: Int, variance: Double) -> Double {
    variance.squareRoot() * (Double(rows).squareRoot() + Double(columns).squareRoot())
  }

  private static let squarings = 12
}

extension Tensor {
  /// The sum of the diagonal of a square matrix.
  fileprivate var trace: Double {
    let side = shape[0]
    return withUnsafeBufferPointer { numbers in
      (0..<side).reduce(0) { $0 + Double(numbers[$1 * (side + 1)]) }
    }
  }
}
