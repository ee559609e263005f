import Autodiff
import DoubleNumerics
import Foundation

/// Which units of a model are on for which example, and how far examples can be told apart by it.
///
/// Each unit gives one bit, whether its pre-activation is above 0. With the codes c_i of N_A bits,
/// the kernel is K_ij = N_A − hamming(c_i, c_j), and the score ln det K: it is high where all
/// examples have codes of their own. For GELU the rule is that for ReLU: both have the sign of
/// their argument, and a gate that opens at 0.
///
/// Source: Mellor, Turner, Storkey and Crowley, Neural Architecture Search without Training (ICML
/// 2021), equations 1 and 2.
///
/// ```swift
/// var codes = ActivationCodes(examples: 128)
/// codes.add(preActivations, from: 0)  // [128, 16, 64]
/// codes.logDeterminant
/// ```
public struct ActivationCodes: Sendable {
  /// N_A, the bits of an example.
  public private(set) var units = 0
  private var codes: [[UInt64]]
  private var counted: [Int]  // units by example

  /// Codes without a bit, for so many examples.
  public init(examples: Int) {
    checkPrecondition(examples > 0, "ActivationCodes: \(examples) examples")
    codes = Array(repeating: [], count: examples)
    counted = Array(repeating: 0, count: examples)
  }

  /// The number of examples, B.
  public var examples: Int { codes.count }

  /// Adds the bits of one layer's pre-activations, [b, ...], of the examples from `first` on. In
  /// the end all examples must have had the same layers.
  public mutating func add(_ preActivations: Tensor, from first: Int) {
    let count = preActivations.shape[0]
    checkPrecondition(
      first >= 0 && first + count <= examples,
      "ActivationCodes.add: examples \(first) to \(first + count) of \(examples)")
    let size = preActivations.count / max(count, 1)
    preActivations.withUnsafeBufferPointer { values in
      for example in 0..<count {
        codes[first + example].append(
          contentsOf: Self.bits(values[example * size..<(example + 1) * size]))
        counted[first + example] += size
      }
    }
    units = counted.max() ?? 0
  }

  /// The bits in words; the last is filled up with zeros, which all examples have alike.
  private static func bits(_ values: Slice<UnsafeBufferPointer<Float>>) -> [UInt64] {
    let values = UnsafeBufferPointer(rebasing: values)
    return stride(from: 0, to: values.count, by: 64).map { start in
      var word: UInt64 = 0
      for index in start..<min(start + 64, values.count) {
        word |= (values[index] > 0 ? 1 : 0) << UInt64(index - start)
      }
      return word
    }
  }

  /// K, [B, B]: in how many bits two examples agree. Whole numbers, with N_A on the diagonal.
  public var agreements: [[Int]] {
    checkPrecondition(
      counted.allSatisfy { $0 == units }, "ActivationCodes: examples have had other layers")
    var kernel = Array(repeating: Array(repeating: units, count: examples), count: examples)
    for i in 0..<examples {
      for j in 0..<i {
        kernel[i][j] = units - Self.distance(codes[i], codes[j])
        kernel[j][i] = kernel[i][j]
      }
    }
    return kernel
  }

  private static func distance(_ a: [UInt64], _ b: [UInt64]) -> Int {
    var bits = 0
    for index in a.indices { bits += (a[index] ^ b[index]).nonzeroBitCount }
    return bits
  }

  /// ln det K; −∞ if two examples have the same code.
  public var logDeterminant: Double {
    let kernel = Matrix(examples, examples, agreements.flatMap { $0.map(Double.init) })
    return Cholesky(kernel)?.logDeterminant ?? -.infinity
  }

  /// ln det K − B · ln N_A, at most 0 (Hadamard's inequality): most of what the mere number of
  /// units adds is gone.
  public var normalizedLogDeterminant: Double {
    logDeterminant - Double(examples) * log(Double(units))
  }
}
