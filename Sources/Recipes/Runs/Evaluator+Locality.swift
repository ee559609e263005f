import Autodiff
import ConViT
import Images
import Locality
import Training

extension Evaluator {
  /// The totals over `sample` and then `others`, and how local the attention is on the sample, seen
  /// in the same forward passes.
  ///
  /// - Parameter addsReference: whether the first batch is also measured as the published code
  ///   does it.
  /// - Throws: the last `SampleError` if no image of the sample can be read, whatever becomes of
  ///   bad images.
  package func totalsAndLocality(
    _ model: VisionTransformer, _ weights: FrozenWeights, on sample: [Example],
    then others: [Example] = [], addsReference: Bool = false, pool: WorkerPool,
    noting: (Batch) throws -> Void = { _ in }, progress: (Int) throws -> Void = { _ in }
  ) throws -> (totals: ClassificationTotals, report: LocalityReport) {
    var totals = ClassificationTotals()
    let meter = LocalityMeter(model, weights)
    var statistics = meter.start
    var reference: [[Double]] = []
    var last: SampleError?
    func note(_ batch: Batch) throws {
      try noting(batch)
      last = batch.failures.last ?? last
    }
    try read(sample, &totals, note, progress) { images in
      if addsReference && reference.isEmpty { reference = meter.referenceNonlocality(images) }
      return meter.add(images, to: &statistics, on: pool)
    }
    if totals.images == 0, let last { throw last }
    let report = meter.report(statistics).adding(reference: reference)
    try read(others, &totals, noting, progress) { model.logits(of: $0, weights, on: pool) }
    return (totals, report)
  }
}
