import Autodiff
import ConViT
import Foundation
import Safetensors
import Testing

@testable import Symmetry

/// Lie derivatives against PyTorch's, `make_lie.py`.
@Suite struct LieReferenceTests {
  private let saved: SavedModel
  private let expected: SafetensorsFile
  private let images: Tensor

  init() throws {
    func path(_ file: String) throws -> String {
      try #require(
        Bundle.module.url(forResource: "Fixtures/\(file).safetensors", withExtension: nil)
      ).path
    }
    saved = try SavedModel(contentsOf: try path("lie"))
    expected = try SafetensorsFile(contentsOf: try path("lie_expected"))
    images = Tensor(
      Shape(try #require(expected.info("images")).shape), try expected.floats("images"))
  }

  private func report(
    _ boundary: ImageMotion.Boundary, threads: Int, parts: [Range<Int>]
  ) throws -> LieReport {
    let meter = LieDerivative(
      try saved.transformer, FrozenWeights(saved.weights), boundary: boundary, distance: 0.1)
    let pool = WorkerPool(threads: threads)
    var sums = meter.start
    for part in parts { meter.add(images.sliced(0, part), to: &sums, on: pool) }
    return meter.report(sums)
  }

  @Test(arguments: [ImageMotion.Boundary.cyclic, .zeros], [1, 3])
  func errors(boundary: ImageMotion.Boundary, threads: Int) throws {
    let report = try report(boundary, threads: threads, parts: [0..<2, 2..<3])
    #expect(report.images == 3 && report.motions.map(\.name) == ImageMotion.allCases)
    for motion in report.motions where boundary == .zeros || motion.name.isTranslation {
      func expect(_ values: [Double?], _ name: String) throws {
        let name = "\(motion.name.rawValue).\(boundary.rawValue).\(name)"
        let theirs = try expected.floats(name)
        #expect(values.count == theirs.count)
        for (value, other) in zip(values, theirs) {
          let value = try #require(value, "\(name)")
          #expect(abs(value / Double(other) - 1) < 1e-4, "\(name): \(value), not \(other)")
        }
      }
      try expect([motion.logits], "logits")
      try expect([motion.stem], "stem")
      try expect(motion.layers.map(\.patches), "patches")
      try expect(motion.layers.map(\.own), "own")
      try expect([motion.layers.last?.tokens], "tokens")
      #expect(motion.layers[0].tokens == nil)
      #expect(motion.layers.map { $0.gate != nil } == [true, false])
    }
  }

  /// The same bits for any number of threads; the same to rounding for any batches.
  @Test func threadsDoNotMatter() throws {
    func text(_ report: LieReport) throws -> Data {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return try encoder.encode(report)
    }
    let one = try report(.cyclic, threads: 1, parts: [0..<3])
    #expect(try text(one) == text(try report(.cyclic, threads: 2, parts: [0..<3])))
    let other = try report(.cyclic, threads: 2, parts: [0..<1, 1..<3])
    for (a, b) in zip(one.motions, other.motions) {
      let (a, b) = (try #require(a.logits), try #require(b.logits))
      #expect(abs(a / b - 1) < 1e-4)
    }
  }
}
