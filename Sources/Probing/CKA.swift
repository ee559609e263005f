import Autodiff

/// How alike two layers see images, by linear centred kernel alignment (Kornblith et al. 2019,
/// arXiv:1905.00414, section 3): 1 if the distances between images are the same but for a scale, 0
/// if they have nothing in common.
public enum CKA {
  /// CKA of features [n, C₁] and [n, C₂] of the same images, ‖YᵀX‖² / ‖XᵀX‖ ‖YᵀY‖ of columns less
  /// their means. With few images it is too large: features of chance are alike where n is not
  /// above C.
  public static func linear(_ x: Tensor, _ y: Tensor) -> Double {
    let (x, y) = (Columns(x, y, from: 2), Columns(y, x, from: 2))
    return x.product(y) / (x.product(x) * y.product(y)).squareRoot()
  }

  /// The same by estimates that are right on average (HSIC₁ of Song et al. 2012, as Nguyen et al.
  /// 2021, arXiv:2010.15327, equation 3): about 0 for features of chance, however few images.
  public static func debiased(_ x: Tensor, _ y: Tensor) -> Double {
    let (x, y) = (Columns(x, y, from: 4), Columns(y, x, from: 4))
    return x.unbiased(y) / (x.unbiased(x) * y.unbiased(y)).squareRoot()
  }
}

/// Features less the means of their columns.
private struct Columns {
  let values: Tensor  // [n, C]
  let squares: [Double]  // ‖xᵢ‖², [n]

  init(_ x: Tensor, _ other: Tensor, from least: Int) {
    checkPrecondition(
      x.shape.rank == 2 && other.shape.rank == 2 && x.shape[0] == other.shape[0]
        && x.shape[0] >= least,
      "CKA: features \(x.shape) and \(other.shape), which must be of the same \(least) images at "
        + "least")
    let x = Tape(.inference).constant(x)
    values = (x - x.mean(0, keepingAxis: true)).value
    let (elements, width) = (values.elements, values.shape[1])
    squares = (0..<values.shape[0]).map { row in
      elements[row * width..<(row + 1) * width].reduce(0) { $0 + Double($1) * Double($1) }
    }
  }

  /// ‖YᵀX‖² = tr(K L), of the kernels K = X Xᵀ and L = Y Yᵀ.
  func product(_ other: Columns) -> Double {
    let tape = Tape(.inference)
    let cross = tape.constant(values).matmul(tape.constant(other.values), transposingSelf: true)
      .value
    return cross.elements.reduce(0) { $0 + Double($1) * Double($1) }
  }

  /// HSIC₁, of the kernels with zeros on the diagonal: [tr(K L) + 1ᵀK1 · 1ᵀL1 / (n − 1)(n − 2)
  /// − 2 · 1ᵀK L1 / (n − 2)] / n (n − 3). As columns sum to 0, so do the rows of X Xᵀ.
  func unbiased(_ other: Columns) -> Double {
    let n = Double(squares.count)
    let both = zip(squares, other.squares).reduce(0) { $0 + $1.0 * $1.1 }
    let sums = squares.reduce(0, +) * other.squares.reduce(0, +)
    let trace = product(other) - both
    return (trace + sums / ((n - 1) * (n - 2)) - 2 * both / (n - 2)) / (n * (n - 3))
  }
}
