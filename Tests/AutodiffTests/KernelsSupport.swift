import Autodiff
import CKernels
import Foundation
import Testing

/// One way to call a kernel: through the dispatcher, or as one of the levels it chooses from.
struct Level<Function> {
  let name: String
  let call: Function
}

/// The dispatched kernel, then those levels of it that this machine can run.
func levels<Function>(
  _ dispatched: Function, v4: Function, v3: Function, baseline: Function
) -> [Level<Function>] {
  let level = String(cString: ck_level())
  var all = [Level(name: "dispatched", call: dispatched), Level(name: "baseline", call: baseline)]
  if level.hasPrefix("x86-64") { all.append(Level(name: "x86-64-v3", call: v3)) }
  if level.hasPrefix("x86-64-v4") { all.append(Level(name: "x86-64-v4", call: v4)) }
  return all
}

typealias Input = UnsafePointer<Float>
typealias Output = UnsafeMutablePointer<Float>
/// (out, x, n)
typealias Map = @Sendable (Output?, Input?, Int) -> Void
/// (out, a, b, n)
typealias Zip = @Sendable (Output?, Input?, Input?, Int) -> Void

/// Around every multiple of a vector and of an unrolled loop, and the lengths of ConViT's rows.
let kernelSizes = [0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 196, 197, 255, 1000]

/// What a kernel is handed beyond its sizes, and must leave alone.
private let guardValue: Float = 12345
private let guardCount = 40

/// Runs `body` on a copy of `start` and returns what it made of it. Fails if it wrote outside.
func buffer(
  from start: [Float], at sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (Output) -> Void
) -> [Float] {
  let fence = [Float](repeating: guardValue, count: guardCount)
  var all = fence + start + fence
  all.withUnsafeMutableBufferPointer { body($0.baseAddress! + guardCount) }
  #expect(
    all.prefix(guardCount) == fence[...] && Array(all.suffix(guardCount)) == fence,
    "wrote outside a buffer of \(start.count)", sourceLocation: sourceLocation)
  return Array(all.dropFirst(guardCount).dropLast(guardCount))
}

/// As `buffer(from:)`, on NaN: reading the output before writing it shows.
func fresh(
  _ count: Int, at sourceLocation: SourceLocation = #_sourceLocation, _ body: (Output) -> Void
) -> [Float] {
  buffer(from: [Float](repeating: .nan, count: count), at: sourceLocation, body)
}

/// Random numbers uniform in ±`bound`, the same ones for the same name.
func uniform(_ count: Int, _ name: String, bound: Double = 3) -> [Float] {
  var random = Random(seed: 1).split(name).split(count)
  return (0..<count).map { _ in Float(random.uniform(-bound, bound)) }
}

/// Whether every |actual - expected| ≤ `absolute` + `relative` · |expected|; NaN only for NaN,
/// and infinities exactly.
func expectClose(
  _ actual: [Float], _ expected: [Double], relative: Double = 0, absolute: Double = 0,
  _ comment: String, at sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(actual.count == expected.count, "\(comment)", sourceLocation: sourceLocation)
  for (index, (found, wanted)) in zip(actual, expected).enumerated() {
    let found = Double(found)
    let isClose =
      found == wanted || (found.isNaN && wanted.isNaN)
      || abs(found - wanted) <= absolute + relative * abs(wanted)
    if !isClose {
      Issue.record(
        "\(comment): [\(index)] of \(actual.count) is \(found), not \(wanted)",
        sourceLocation: sourceLocation)
      return
    }
  }
}

/// Whether two results have the same bits.
func expectSameBits(
  _ actual: [Float], _ expected: [Float], _ comment: String,
  at sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(
    actual.map(\.bitPattern) == expected.map(\.bitPattern), "\(comment)",
    sourceLocation: sourceLocation)
}

/// The gradient of `function` at `x` by central differences; error about 1e-9 for functions
/// whose derivatives are of order one.
func numericalGradient(at x: [Double], of function: ([Double]) -> Double) -> [Double] {
  let step = 1e-5
  var x = x
  return x.indices.map { i in
    let start = x[i]
    x[i] = start + step
    let above = function(x)
    x[i] = start - step
    let below = function(x)
    x[i] = start
    return (above - below) / (2 * step)
  }
}

/// Σ a b
func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

extension [Float] {
  var doubles: [Double] { map(Double.init) }
}

extension [Double] {
  /// Row `index` of a matrix with `cols` columns.
  func row(_ index: Int, _ cols: Int) -> [Double] { Array(self[index * cols..<(index + 1) * cols]) }
}
