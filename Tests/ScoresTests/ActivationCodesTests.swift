import Autodiff
import ConViT
import Foundation
import Testing

@testable import Scores

@Suite struct ActivationCodesTests {
  /// Codes 1100, 1010 and 0011: K = [[4, 2, 0], [2, 4, 2], [0, 2, 4]], of determinant 32.
  @Test func byHand() {
    var codes = ActivationCodes(examples: 3)
    codes.add(Tensor([3, 4], [1, 2, -1, 0, 3, -2, 0.5, -1, -1, 0, 1e-30, 4]), from: 0)
    #expect(codes.agreements == [[4, 2, 0], [2, 4, 2], [0, 2, 4]])
    #expect(abs(codes.logDeterminant - 3.465735902799726) < 1e-12)
    #expect(abs(codes.normalizedLogDeterminant - (3.465735902799726 - 3 * log(4))) < 1e-12)
  }

  @Test func equalCodesAreTheWorst() {
    var codes = ActivationCodes(examples: 3)
    codes.add(Tensor([3, 2], [1, -1, -1, 1, 2, -3]), from: 0)
    #expect(codes.logDeterminant == -.infinity)
    #expect(codes.normalizedLogDeterminant == -.infinity)
  }

  /// The layers' codes one after the other, whatever parts the batch comes in, are their kernels'
  /// sum; and that is C·Cᵀ + (1 − C)·(1 − C)ᵀ.
  @Test(arguments: TestModel.allCases) func layersAddUp(_ model: TestModel) throws {
    let seen = try model.seen(examples: 6)
    var (whole, parts) = (ActivationCodes(examples: 6), ActivationCodes(examples: 6))
    var sum = Array(repeating: Array(repeating: 0, count: 6), count: 6)
    for layer in seen {
      whole.add(layer, from: 0)
      parts.add(layer.sliced(0, 0..<4), from: 0)
      parts.add(layer.sliced(0, 4..<6), from: 4)
      let size = layer.count / 6
      let on = layer.withUnsafeBufferPointer { $0.map { $0 > 0 } }
      for i in 0..<6 {
        for j in 0..<6 {
          sum[i][j] += (0..<size).count { on[i * size + $0] == on[j * size + $0] }
        }
      }
    }
    #expect(seen.count == 2 && whole.units == seen.reduce(0) { $0 + $1.count / 6 })
    #expect(whole.agreements == sum && parts.agreements == sum)
    #expect((0..<6).allSatisfy { sum[$0][$0] == whole.units })
  }

  /// K is a matrix of whole numbers, of which the determinant can be had exactly.
  @Test(arguments: TestModel.allCases, [2, 5, 8]) func determinantsAreExact(
    _ model: TestModel, _ examples: Int
  ) throws {
    var codes = ActivationCodes(examples: examples)
    for layer in try model.seen(examples: examples) { codes.add(layer, from: 0) }
    let exact = determinant(codes.agreements)
    #expect(exact > 0)
    let expected = log(Double(exact))
    #expect(abs(codes.logDeterminant - expected) <= 1e-12 * expected)
    #expect(codes.normalizedLogDeterminant < 0)  // Hadamard's inequality
  }

  /// By rows, of the columns that are left: Laplace's expansion without a division.
  private func determinant(_ matrix: [[Int]]) -> Int128 {
    let n = matrix.count
    var minors: [Int128] = Array(repeating: 0, count: 1 << n)  // of the first rows and a column set
    minors[0] = 1
    for columns in 1..<1 << n {
      let row = columns.nonzeroBitCount - 1
      var sign: Int128 = row % 2 == 0 ? 1 : -1
      for column in 0..<n where columns >> column & 1 == 1 {
        minors[columns] += sign * Int128(matrix[row][column]) * minors[columns & ~(1 << column)]
        sign = -sign
      }
    }
    return minors[(1 << n) - 1]
  }
}

/// Small models of grey images of 8 × 8 pixels, in five classes.
enum TestModel: CaseIterable {
  case vit, convit

  var configuration: ViTConfiguration {
    var c = ViTConfiguration(
      self == .vit ? .vit : .convit, imageSize: 8, patchSize: 4, embedDim: 16, heads: 2)
    (c.channels, c.classes, c.depth, c.mlpRatio) = (1, 5, 2, 1.5)
    c.localUpToLayer = self == .vit ? 0 : 1
    return c
  }

  func images(_ count: Int, seed: UInt64 = 1) -> Tensor {
    var random = Random(seed: seed)
    return Tensor(
      Shape([count, 1, 8, 8]), (0..<count * 64).map { _ in Float(random.uniform(-2, 2)) })
  }

  /// The pre-activations of the MLPs, layer by layer: [examples, tokens, hidden].
  func seen(examples: Int) throws -> [Tensor] {
    let model = try VisionTransformer(configuration)
    let tape = Tape(ParameterStore(model, seed: 3), Pass(taps: Taps("*fc1.output")))
    _ = model(tape.constant(images(examples)))
    return tape.tapped.map(\.value)
  }
}
