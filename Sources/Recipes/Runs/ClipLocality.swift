import Autodiff
import ConViT
import Images
import Locality
import Training

extension Evaluator {
  /// How far the attention of a model of clips reaches in space and time, over `samples`.
  package func clipLocality(
    _ model: TimeSformer, _ weights: FrozenWeights, on samples: [Example], pool: WorkerPool,
    noting: (Batch) throws -> Void = { _ in }, progress: (Int) throws -> Void = { _ in }
  ) throws -> ClipLocalityReport {
    let meter = ClipLocalityMeter(model, weights)
    var statistics = meter.start
    var last: SampleError?
    func note(_ batch: Batch) throws {
      try noting(batch)
      last = batch.failures.last ?? last
    }
    try batches(of: samples, noting: note) { batch in
      meter.add(batch.inputs, to: &statistics, on: pool)
      try progress(statistics.clips)
    }
    if statistics.clips == 0, let last { throw last }
    return meter.report(statistics)
  }
}
