import Autodiff
import ConViT
import DoubleNumerics

/// The Gram matrix of the gradients of single examples at the start, K_ij = ⟨g_i, g_j⟩ with
/// g_i = ∂L(x_i, y_i)/∂θ over all parameters.
///
/// Its mean (MGM) is the squared norm of the gradient of the mean loss, ‖1/n Σ g_i‖², so that one
/// backward pass is enough for it; the whole matrix takes one for each example. That holds while
/// examples do not meet inside of the model, as they do in batch normalisation.
///
/// Source: Xu et al., KNAS: Green Neural Architecture Search (ICML 2021). Their released code
/// computes something else; see ``Variant``.
public struct GradientKernel: Sendable {
  /// Σ_p ⟨g_ip, g_jp⟩ of the numbers p of one parameter, for each parameter: [n, n].
  public let byParameter: [(name: String, products: [[Double]])]
  /// The number of examples, n.
  public let examples: Int
  private let firstCoordinates: [[Float]]  // by example, what the variants take products of

  /// The kernel of a model at `weights`, for examples [n] + `model.input` and their classes.
  public init(
    of model: some Model, _ weights: ParameterStore, examples: Tensor, labels: [Int]
  ) {
    checkPrecondition(
      !labels.isEmpty && examples.shape[0] == labels.count,
      "GradientKernel: \(labels.count) labels for examples \(examples.shape)")
    let gradients = labels.indices.map { index in
      let tape = Tape(weights)
      let x = tape.constant(examples.sliced(0, index..<index + 1))
      return tape.gradients(of: model(x).crossEntropy(labels: [labels[index]]).sum())
    }
    self.examples = labels.count
    byParameter = weights.tree.names.indices.map { slot in
      let rows = gradients.map { $0[slot: slot].withUnsafeBufferPointer { $0.map(Double.init) } }
      let gram = Matrix(rows.count, rows[0].count, rows.flatMap { $0 }).gram
      return (weights.tree.names[slot], rows.indices.map(gram.row))
    }
    let large = weights.tree.parameters.indices
      .filter { weights.tree.parameters[$0].shape.elementCount >= 50 }.prefix(11)
    firstCoordinates = gradients.map { gradient in
      large.flatMap { slot in gradient[slot: slot].withUnsafeBufferPointer { Array($0.prefix(50)) }
      }
    }
  }

  /// K, over all parameters: [n, n].
  public var products: [[Double]] {
    var sum = Array(repeating: Array(repeating: 0.0, count: examples), count: examples)
    for (_, products) in byParameter {
      for i in 0..<examples {
        for j in 0..<examples { sum[i][j] += products[i][j] }
      }
    }
    return sum
  }

  /// MGM: 1/n² Σ_ij K_ij.
  public var mean: Double { Parts(products).mean }
  /// 1/n Σ_i K_ii: how large the gradients of single examples are.
  public var diagonalMean: Double { Parts(products).diagonal }
  /// The mean of K_ij, i ≠ j: how far they point the same way; nil of a single example.
  public var offDiagonalMean: Double? { Parts(products).offDiagonal }

  /// The means of a Gram matrix.
  public struct Parts: Sendable, Hashable {
    /// Of all, and of the diagonal.
    public let mean, diagonal: Double
    /// Of all else; nil if there is nothing else.
    public let offDiagonal: Double?

    /// Those of a square matrix.
    public init(_ products: [[Double]]) {
      let n = Double(products.count)
      let trace = products.indices.reduce(0) { $0 + products[$1][$1] }
      let sum = products.reduce(0) { $0 + $1.reduce(0, +) }
      (mean, diagonal) = (sum / (n * n), trace / n)
      offDiagonal = n > 1 ? (sum - trace) / (n * (n - 1)) : nil
    }
  }

  /// What public code calls by the name of this kernel and is not its mean.
  public enum Variant: String, Sendable, CaseIterable {
    /// The release: over coordinates, the sum of the products of the examples of the first half
    /// with those of the second, each half without its mean, by n². Its expectation is 0.
    case released
    /// Auto-Prox's `knas.py`: products of an example's coordinates 0 … 24 with its own coordinates
    /// 25 … 49, averaged.
    case autoProx = "auto-prox"
  }

  /// A variant of the kernel's mean, of the first 50 numbers of the first eleven parameters that
  /// have so many (fewer if the model has fewer).
  public func mean(as variant: Variant) -> Double {
    let rows = firstCoordinates.map { $0.map(Double.init) }
    switch variant {
    case .released:
      let half = rows.count / 2
      func centred(_ part: ArraySlice<[Double]>) -> [[Double]] {
        let columns = rows[0].indices
        let means = columns.map { c in part.reduce(0) { $0 + $1[c] } / Double(part.count) }
        return part.map { row in columns.map { row[$0] - means[$0] } }
      }
      guard half > 0 else { return 0 }
      let (a, b) = (centred(rows[..<half]), centred(rows[half..<2 * half]))
      return zip(a, b).reduce(0) { $0 + inner($1.0, $1.1) } / Double(4 * half * half)
    case .autoProx:
      var (sum, count) = (0.0, 0)
      for row in rows {
        for start in stride(from: 0, to: row.count, by: 50) {
          sum += inner(Array(row[start..<start + 25]), Array(row[start + 25..<start + 50]))
          count += 1
        }
      }
      return count > 0 ? sum / Double(count) : 0
    }
  }

  private func inner(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
