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
/// computes something else; see ``ReleasedKernel``.
public struct GradientKernel: Sendable {
  /// Σ_p ⟨g_ip, g_jp⟩ of the numbers p of one parameter, for each parameter: [n, n].
  public let byParameter: [(name: String, products: [[Double]])]
  /// K, over all parameters: [n, n].
  public let products: [[Double]]
  private let parts: Parts

  /// The kernel of a model at `weights`, for examples [n] + `model.input` and their classes.
  public init(
    of model: any Model, _ weights: ParameterStore, examples: Tensor, labels: [Int]
  ) {
    checkPrecondition(
      !labels.isEmpty && examples.shape[0] == labels.count,
      "GradientKernel: \(labels.count) labels for examples \(examples.shape)")
    let gradients = labels.indices.map {
      Gradients(of: model, weights, example: examples.sliced(0, $0..<$0 + 1), label: labels[$0])
    }
    var sum = Matrix(zeros: labels.count, labels.count)
    byParameter = weights.tree.names.indices.map { slot in
      let rows = gradients.map { $0[slot: slot].withUnsafeBufferPointer { $0.map(Double.init) } }
      let gram = Matrix(rows.count, rows[0].count, rows.flatMap { $0 }).gram
      sum = sum + gram
      return (weights.tree.names[slot], rows.indices.map(gram.row))
    }
    products = labels.indices.map(sum.row)
    parts = Parts(products)
  }

  /// The parts of K that the parameters of each layer make, in the order of the model: a layer is
  /// a block ("blocks.3"), or what stands before and behind them ("patch_embed", "head").
  public var byLayer: [(name: String, parts: Parts)] {
    var layers: [(name: String, products: Matrix)] = []
    for (name, products) in byParameter {
      let words = name.split(separator: ".")
      let layer = words.prefix(words.first == "blocks" ? 2 : 1).joined(separator: ".")
      let own = Matrix(products.count, products.count, products.flatMap(\.self))
      if let known = layers.firstIndex(where: { $0.name == layer }) {
        layers[known].products = layers[known].products + own
      } else {
        layers.append((layer, own))
      }
    }
    return layers.map { layer, sum in (layer, Parts(products.indices.map(sum.row))) }
  }

  /// MGM: 1/n² Σ_ij K_ij.
  public var mean: Double { parts.mean }
  /// 1/n Σ_i K_ii: how large the gradients of single examples are.
  public var diagonalMean: Double { parts.diagonal }
  /// The mean of K_ij, i ≠ j: how far they point the same way; nil of a single example.
  public var offDiagonalMean: Double? { parts.offDiagonal }

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
}
