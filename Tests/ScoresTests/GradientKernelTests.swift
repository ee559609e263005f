import Autodiff
import ConViT
import DoubleNumerics
import Foundation
import Testing

@testable import Scores

@Suite struct GradientKernelTests {
  /// Gradients (1, 0), (0, 1) and (1, 1).
  @Test func byHand() {
    let parts = GradientKernel.Parts([[1, 0, 1], [0, 1, 1], [1, 1, 2]])
    #expect(abs(parts.mean - 8.0 / 9) < 1e-15 && abs(parts.diagonal - 4.0 / 3) < 1e-15)
    #expect(parts.offDiagonal == 4.0 / 6)
    #expect(GradientKernel.Parts([[3]]).offDiagonal == nil)
  }

  /// The mean of the products of all pairs of gradients is the squared norm of the gradient of the
  /// mean loss.
  @Test(arguments: TestModel.allCases) func meanIsOneBackwardPass(_ kind: TestModel) throws {
    let model = try VisionTransformer(kind.configuration)
    let weights = ParameterStore(model, seed: 5)
    let labels = [0, 1, 2, 3, 4, 0, 1]
    let kernel = GradientKernel(of: model, weights, examples: kind.images(7), labels: labels)
    let tape = Tape(weights)
    let loss = model(tape.constant(kind.images(7))).crossEntropy(labels: labels).mean()
    let norm = tape.gradients(of: loss).norm
    #expect(norm > 0.01 && abs(kernel.mean - norm * norm) < 1e-4 * norm * norm)
    let off = try #require(kernel.offDiagonalMean)
    #expect(abs(kernel.diagonalMean / 7 + off * 6 / 7 - kernel.mean) < 1e-12)

    let products = kernel.products
    let matrix = Matrix(7, 7, products.flatMap { $0 })
    #expect(matrix == matrix.transposed)
    let eigenvalues = try #require(matrix.symmetricEigenvalues())
    #expect(eigenvalues[0] > -1e-12 * eigenvalues[6])
    // GPSA's positions and gates are parameters like others.
    let names = kernel.byParameter.map(\.name)
    #expect(names.contains("blocks.0.attn.gating_param") == (kind == .convit))
    #expect(kernel.byParameter.allSatisfy { $0.products.count == 7 })
  }

  /// One layer without bias at 0: g = (½ − [y = class]) x for either class.
  @Test func variantsByHand() {
    struct OneLayer: Model {
      let input: Shape = [50]
      let head = Linear(50, 2, bias: false, kind: .head)
      func callAsFunction(_ x: Variable) -> Variable { head(x) }
    }
    let model = OneLayer()
    let weights = ParameterStore.zeros(ParameterTree(model))
    var random = Random(seed: 2)
    let rows = (0..<4).map { _ in (0..<50).map { _ in random.uniform(-1, 1) } }
    let labels = [0, 1, 1, 0]
    let examples = Tensor([4, 50], rows.flatMap { $0.map(Float.init) })
    let kernel = ReleasedKernel(of: model, weights, examples: examples, labels: labels)
    let g = zip(rows, labels).map { row, label in row.map { (label == 0 ? -0.5 : 0.5) * $0 } }
    var (released, autoProx) = (0.0, 0.0)
    for c in 0..<50 {
      let (first, second) = ((g[0][c] + g[1][c]) / 2, (g[2][c] + g[3][c]) / 2)
      released += (g[0][c] - first) * (g[2][c] - second) + (g[1][c] - first) * (g[3][c] - second)
    }
    for row in g { for c in 0..<25 { autoProx += row[c] * row[c + 25] } }
    #expect(abs(kernel.mean(as: .released) - released / 16) < 1e-6)
    #expect(abs(kernel.mean(as: .autoProx) - autoProx / 4) < 1e-6)
  }
}
