import Autodiff
import ConViT

/// What public code computes by the name of the gradient kernel's mean and is something else: here
/// to be compared with ``GradientKernel``, not to be used.
///
/// Both take the first 50 numbers of the gradients by the first eleven parameters that have so many
/// (fewer if the model has fewer).
public struct ReleasedKernel: Sendable {
  private let rows: [[Double]]  // by example

  /// The numbers of a model at `weights`, for examples [n] + `model.input` and their classes.
  public init(
    of model: any Model, _ weights: ParameterStore, examples: Tensor, labels: [Int]
  ) {
    checkPrecondition(
      !labels.isEmpty && examples.shape[0] == labels.count,
      "ReleasedKernel: \(labels.count) labels for examples \(examples.shape)")
    rows = labels.indices.map { index in
      let gradient = Gradients(
        of: model, weights, example: examples.sliced(0, index..<index + 1), label: labels[index])
      return Self.numbers(of: gradient, weights.tree)
    }
  }

  /// The kernel of what `numbers` gives of each example.
  init(rows: [[Double]]) { self.rows = rows }

  /// The numbers of an example's gradient that take part.
  static func numbers(of gradient: Gradients, _ tree: ParameterTree) -> [Double] {
    let large = tree.parameters.indices
      .filter { tree.parameters[$0].shape.elementCount >= 50 }.prefix(11)
    return large.flatMap { slot in
      gradient[slot: slot].withUnsafeBufferPointer { $0.prefix(50).map(Double.init) }
    }
  }

  /// Whose code it is.
  public enum Variant: String, Sendable, CaseIterable {
    /// The release: over coordinates, the sum of the products of the examples of the first half
    /// with those of the second, each half without its mean, by n². Its expectation is 0.
    case released
    /// Auto-Prox's `knas.py`: products of an example's coordinates 0 … 24 with its own coordinates
    /// 25 … 49, averaged.
    case autoProx = "auto-prox"
  }

  /// What they would have as the kernel's mean.
  public func mean(as variant: Variant) -> Double {
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
