import Autodiff
import Foundation
import Probing
import Testing

@Suite struct LinearProbeTests {
  private let labels = (0..<12).map { $0 == 5 ? 0 : $0 % 3 }
  private let features = Tensor(
    [12, 3],
    (0..<36).map { index in
      let (i, j) = (index / 3, index % 3)
      return Float(sin(3 * Double(i) + 1.7 * Double(j)) + 0.3 * Double(j * (i % 3)))
    })

  /// SciPy's `minimize` on the same objective in double precision, tolerance 1e-12; biases are
  /// known but for a constant.
  @Test func asSciPyFindsIt() {
    let probe = LinearProbe(
      features, labels: labels, classes: 3, on: WorkerPool(threads: 2))
    #expect(abs(probe.loss - 0.803130869290875) < 1e-6)
    let weights: [Float] = [
      -0.383038, -0.35339, -1.062348, -0.40066, -0.577501, 0.235086, 0.783698, 0.93089, 0.827262,
    ]
    #expect(zip(probe.weight.elements, weights).allSatisfy { abs($0 - $1) < 1e-3 })
    let mean = probe.bias.elements.reduce(0, +) / 3
    let biases: [Float] = [0.996464, 0.25463, -1.251095]
    #expect(zip(probe.bias.elements, biases).allSatisfy { abs($0 - mean - $1) < 1e-3 })
    #expect(probe.slope <= 1e-4 && probe.steps < 100)
    #expect(abs(probe.accuracy(on: features, labels: labels) - 200.0 / 3) < 1e-9)
  }

  /// A class without images, a feature that never changes, and a penalty that leaves nothing.
  @Test func cornerCases() {
    let constant = Tensor([4, 2], [1, 5, 2, 5, 3, 5, 4, 5])
    let pool = WorkerPool(threads: 1)
    let probe = LinearProbe(constant, labels: [0, 0, 1, 1], classes: 3, penalty: 0.01, on: pool)
    #expect(probe.accuracy(on: constant, labels: [0, 0, 1, 1]) == 100)
    #expect(probe.weight.elements.allSatisfy { $0.isFinite })
    #expect([1, 3, 5].allSatisfy { abs(probe.weight.elements[$0]) < 1e-6 })
    let nothing = LinearProbe(constant, labels: [0, 0, 1, 1], classes: 2, penalty: 1e9, on: pool)
    #expect(nothing.weight.elements.allSatisfy { abs($0) < 1e-6 })
    #expect(abs(nothing.loss - log(2)) < 1e-6)
  }
}
