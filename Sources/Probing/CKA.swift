import Autodiff

/// How alike two layers see images, by linear centred kernel alignment (Kornblith et al. 2019,
/// arXiv:1905.00414, section 3): 1 if the distances between images are the same but for a scale, 0
/// if they have nothing in common.
public enum CKA {
  /// CKA of features [n, C₁] and [n, C₂] of the same images, ‖YᵀX‖² / ‖XᵀX‖ ‖YᵀY‖ of columns less
  /// their means. With few images it is too large: features of chance are alike where n is not
  /// above C.
  public static func linear(_ x: Tensor, _ y: Tensor) -> Double {
    CentredFeatures(x).alignment(with: CentredFeatures(y)).biased
  }

  /// The same by estimates that are right on average (HSIC₁ of Song et al. 2012, as Nguyen et al.
  /// 2021, arXiv:2010.15327, equation 3): about 0 for features of chance, however few images. It
  /// takes 4 images.
  public static func debiased(_ x: Tensor, _ y: Tensor) -> Double {
    checkPrecondition(x.shape[0] >= 4, "CKA.debiased: \(x.shape[0]) images, and 4 are needed")
    return CentredFeatures(x).alignment(with: CentredFeatures(y)).debiased
  }
}

/// Features less the means of their columns, for ``CKA`` with several others.
public struct CentredFeatures: Sendable {
  private let values: Tensor  // [n, C]
  private let squares: [Double]  // ‖xᵢ‖², [n]
  private let own: Double  // ‖XᵀX‖²

  /// From features as they are, [n, C], of two images at least.
  public init(_ features: Tensor) {
    checkPrecondition(
      features.shape.rank == 2 && features.shape[0] >= 2,
      "CentredFeatures: \(features.shape), expected [images, features] of two images at least")
    let x = Tape(.inference).constant(features)
    values = (x - x.mean(0, keepingAxis: true)).value
    let (elements, width) = (values.elements, values.shape[1])
    squares = (0..<values.shape[0]).map { row in
      elements[row * width..<(row + 1) * width].reduce(0) { $0 + Double($1) * Double($1) }
    }
    own = Self.product(values, values)
  }

  /// Both forms of CKA with the features of the same images, ``CKA/linear(_:_:)`` and
  /// ``CKA/debiased(_:_:)``; no number where features are the same for all images, or the images
  /// too few.
  public func alignment(with other: CentredFeatures) -> (biased: Double, debiased: Double) {
    checkPrecondition(
      squares.count == other.squares.count,
      "CKA: features of \(squares.count) and of \(other.squares.count) images, expected the same "
        + "images in both")
    let shared = Self.product(values, other.values)
    return (
      shared / (own * other.own).squareRoot(),
      unbiased(other, shared)
        / (unbiased(self, own) * other.unbiased(other, other.own)).squareRoot()
    )
  }

  /// ‖YᵀX‖² = tr(K L), of the kernels K = X Xᵀ and L = Y Yᵀ.
  private static func product(_ x: Tensor, _ y: Tensor) -> Double {
    let tape = Tape(.inference)
    let cross = tape.constant(x).matmul(tape.constant(y), transposingSelf: true).value
    return cross.elements.reduce(0) { $0 + Double($1) * Double($1) }
  }

  /// HSIC₁, of the kernels with zeros on the diagonal: [tr(K L) + 1ᵀK1 · 1ᵀL1 / (n − 1)(n − 2)
  /// − 2 · 1ᵀK L1 / (n − 2)] / n (n − 3). As columns sum to 0, so do the rows of X Xᵀ.
  private func unbiased(_ other: CentredFeatures, _ product: Double) -> Double {
    let n = Double(squares.count)
    let both = zip(squares, other.squares).reduce(0) { $0 + $1.0 * $1.1 }
    let sums = squares.reduce(0, +) * other.squares.reduce(0, +)
    let trace = product - both
    return (trace + sums / ((n - 1) * (n - 2)) - 2 * both / (n - 2)) / (n * (n - 3))
  }
}
