import Autodiff
import ConViT
import DoubleNumerics
import Testing

@testable import Pruning

@Suite struct NormTests {
  private static func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> Tensor {
    .normal([rows, columns], seed: seed)
  }

  /// Never below the largest singular value, and hardly above.
  @Test(arguments: [(1, 1), (1, 7), (9, 1), (5, 5), (12, 40), (64, 16)])
  func spectralNorm(_ rows: Int, _ columns: Int) throws {
    for seed in 0..<3 {
      let tensor = Self.matrix(rows, columns, seed: UInt64(seed))
      let exact = try #require(
        Matrix(rows, columns, tensor.elements.map(Double.init)).singularValues()?.first)
      let bound = SpectralNorm.bound(of: tensor)
      #expect(bound >= exact && bound <= 1.001 * exact, "\(bound) \(exact)")
    }
  }

  @Test func spectralNormOfTheEdges() {
    #expect(SpectralNorm.bound(of: Tensor(repeating: 0, [3, 4])) == 0)
    #expect(SpectralNorm.bound(of: Tensor([1, 2], [.nan, 1])).isNaN)
    #expect(SpectralNorm.bound(of: Tensor([1, 2], [.infinity, 1])).isNaN)
    // All singular values are the same: the farthest from the truth that it can be.
    let identity = Tensor([64, 64], (0..<4096).map { $0 / 64 == $0 % 64 ? 1 : 0 })
    #expect(SpectralNorm.bound(of: identity) < 1.001)
    // Patches that do not overlap: [outputs, channels, side, side] is a matrix.
    let patches = Self.matrix(6, 12, seed: 1)
    #expect(
      SpectralNorm.bound(of: patches.reshaped([6, 3, 2, 2])) == SpectralNorm.bound(of: patches))
  }

  /// The law of what is removed, and its spectral norm within 4 %, at 256 × 256: the mean of ten.
  @Test(arguments: PruningRule.Method.lawful, [true, false])
  func removedNorm(_ method: PruningRule.Method, _ isUniform: Bool) {
    let law: EntryLaw = isUniform ? .uniform(bound: 0.7) : .normal(deviation: 0.4)
    let model = RandomChain([256, 256], law: { _ in law })
    for sparsity in [0.2, 0.5, 0.8] {
      let variance = law.removedVariance(sparsity, by: method)
      let predicted = SpectralNorm.predicted(rows: 256, columns: 256, variance: variance)
      var (norms, variances) = (0.0, 0.0)
      for seed in 0..<10 {
        let weights = ParameterStore(model, seed: UInt64(seed))
        let masks = PruningRule(method, seed: UInt64(seed)).masks(of: weights, sparsity: sparsity)
        let part = RemovedPart.parts(of: weights, by: masks)[0]
        norms += (part.norm(in: weights, minus: weights.pruned(by: masks)) ?? .nan) / 10
        variances += part.removedSquares / 65536 / 10
      }
      #expect(abs(variances / variance - 1) < 0.02, "\(sparsity): \(variances) for \(variance)")
      #expect(abs(norms / predicted - 1) < 0.04, "\(sparsity): \(norms) for \(predicted)")
    }
  }

  @Test func laws() {
    for method in PruningRule.Method.lawful {
      for law in [EntryLaw.uniform(bound: 2), .normal(deviation: 3)] {
        #expect(law.removedVariance(0, by: method) == 0)
        #expect(abs(law.removedVariance(1, by: method) - law.variance) < 1e-12)
      }
    }
    #expect(abs(Lipschitz.gelu - 1.12890) < 1e-5)
  }
}
