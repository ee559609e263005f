import Autodiff
import ConViT
import Foundation
import Symmetry

/// What predictions cost that are averaged over a symmetry, on random images that are in memory.
package struct AverageBenchmark: Sendable {
  let model: VisionTransformer
  let averaged: Averaged
  let batchSize: Int
  let threads: Int
  /// Batches to measure, or else as many as fit into `seconds`.
  package var steps: Int?
  package var seconds = 10.0
  package var precision = Precision.float32

  /// - Throws: `SymmetryError` if the model's images have no such symmetry.
  package init(
    _ model: VisionTransformer, over symmetry: ImageSymmetry, batchSize: Int, threads: Int
  ) throws {
    self.model = model
    averaged = try Averaged(model, over: symmetry)
    (self.batchSize, self.threads) = (batchSize, threads)
  }

  package struct Report: Sendable, Codable {
    /// The processor seconds of an average by those of one pass of the model.
    package let passes: Double
    /// The most memory that the process had, in units of 2²⁰ bytes: before the first average, and
    /// in the end.
    package let peakRssMbBefore, peakRssMb: Double
  }

  /// Predicts one batch in both ways in turn.
  package func callAsFunction() -> Report {
    let pool = WorkerPool(threads: threads)
    let weights = FrozenWeights(ParameterStore(model, seed: 0), .inference(precision))
    let images = model.randomExamples(batchSize)
    func processorSeconds(_ model: some Model) -> Double {
      let start = Resources.current.processorSeconds
      _ = model.logits(of: images, weights, on: pool)
      return Resources.current.processorSeconds - start
    }
    _ = processorSeconds(model)
    let before = Resources.current.peakMegabytes
    var (once, average, rounds) = (0.0, 0.0, 0)
    let start = ContinuousClock.now
    repeat {
      average += processorSeconds(averaged)
      once += processorSeconds(model)
      rounds += 1
    } while steps.map { rounds < $0 } ?? ((ContinuousClock.now - start) / .seconds(1) < seconds)
    return Report(
      passes: average / once, peakRssMbBefore: before, peakRssMb: Resources.current.peakMegabytes)
  }
}
