import Autodiff
import Probing
import Testing

@Suite struct CKATests {
  private func features(_ count: Int, _ width: Int, seed: UInt64) -> Tensor {
    var random = Random(seed: seed)
    return Tensor([count, width], (0..<count * width).map { _ in Float(random.normal()) })
  }

  /// From the kernels of all pairs of images, in double precision: HSIC by its definition.
  private func byKernels(_ x: Tensor, _ y: Tensor, debiased: Bool) -> Double {
    let n = x.shape[0]
    func kernel(_ x: Tensor) -> [[Double]] {
      let width = x.shape[1]
      return (0..<n).map { i in
        (0..<n).map { j in
          (0..<width).reduce(0) { $0 + Double(x[i, $1]) * Double(x[j, $1]) }
        }
      }
    }
    func hsic(_ k: [[Double]], _ l: [[Double]]) -> Double {
      if debiased {
        var (trace, k1, l1, both) = (0.0, 0.0, 0.0, 0.0)
        for i in 0..<n {
          var (row, other) = (0.0, 0.0)
          for j in 0..<n where j != i {
            trace += k[i][j] * l[j][i]
            (row, other) = (row + k[i][j], other + l[i][j])
          }
          (k1, l1, both) = (k1 + row, l1 + other, both + row * other)
        }
        let m = Double(n)
        return (trace + k1 * l1 / ((m - 1) * (m - 2)) - 2 * both / (m - 2)) / (m * (m - 3))
      }
      func centred(_ k: [[Double]]) -> [[Double]] {
        let rows = k.map { $0.reduce(0, +) / Double(n) }
        let all = rows.reduce(0, +) / Double(n)
        return (0..<n).map { i in (0..<n).map { k[i][$0] - rows[i] - rows[$0] + all } }
      }
      return zip(centred(k), centred(l)).reduce(0) { sum, rows in
        sum + zip(rows.0, rows.1).reduce(0) { $0 + $1.0 * $1.1 }
      }
    }
    let (k, l) = (kernel(x), kernel(y))
    return hsic(k, l) / (hsic(k, k) * hsic(l, l)).squareRoot()
  }

  @Test func asTheKernelsSay() {
    let x = features(9, 3, seed: 1)
    let noise = features(9, 4, seed: 2)
    let y = Tensor(
      [9, 4],
      (0..<36).map { index in
        let (row, column) = (index / 4, index % 4)
        return 0.5 * noise[row, column] + 1.5 * x[row, column % 3] + Float(column)
      })
    for (found, debiased) in [(CKA.linear(x, y), false), (CKA.debiased(x, y), true)] {
      let expected = byKernels(x, y, debiased: debiased)
      #expect(abs(found - expected) < 1e-5, "\(found) \(expected)")
      #expect(expected > 0.1 && expected < 0.99)
    }
  }

  @Test func whatDoesNotChangeIt() {
    let x = features(12, 3, seed: 3)
    #expect(abs(CKA.linear(x, x) - 1) < 1e-6 && abs(CKA.debiased(x, x) - 1) < 1e-6)
    // Columns in another order, mirrored, shifted and all scaled alike.
    let y = Tensor([12, 3], (0..<36).map { 7 - 2.5 * x[$0 / 3, 2 - $0 % 3] })
    #expect(abs(CKA.linear(x, y) - 1) < 1e-5 && abs(CKA.debiased(x, y) - 1) < 1e-5)
  }

  /// With fewer images than features, chance looks alike, but not to the debiased form.
  @Test func featuresOfChance() {
    var (biased, debiased) = (0.0, 0.0)
    for seed in 0..<20 as Range<UInt64> {
      let (x, y) = (features(20, 60, seed: 100 + seed), features(20, 60, seed: 200 + seed))
      biased += CKA.linear(x, y) / 20
      debiased += CKA.debiased(x, y) / 20
    }
    #expect(biased > 0.7 && abs(debiased) < 0.05, "\(biased) \(debiased)")
  }
}
