import Autodiff
import ConViT
import Images
import Locality

/// Measures the locality of a model on the images of a folder.
public struct LocalitySurvey: Sendable {
  /// How images are read.
  public let pipeline: ImagePipeline
  /// Images read and looked at a time.
  public let batchSize: Int
  /// Whether the first batch is also measured as the published code does it.
  public var addsReference = false

  /// A survey with the evaluation transform for a model.
  public init(decoder: ImageDecoder, size: ImageSize, batchSize: Int, workers: Int) {
    pipeline = ImagePipeline(
      decoder: decoder, transform: EvaluationTransform(size: size), workers: workers)
    self.batchSize = batchSize
  }

  /// How local the attention is, averaged over `samples`.
  ///
  /// - Parameter progress: called with the images done after each batch.
  public func callAsFunction(
    _ model: VisionTransformer, _ weights: ParameterStore, on samples: [ImageFolder.Sample],
    pool: WorkerPool, progress: (Int) throws -> Void = { _ in }
  ) throws -> LocalityReport {
    let meter = LocalityMeter(model, weights)
    var statistics = meter.start
    var reference: [[Double]] = []
    let requests = samples.map { SampleRequest($0, random: Random(seed: 0)) }
    let loader = pipeline.loader(requests, batchSize: batchSize)
    while let batch = try loader.next() {
      let images = batch.images
      if addsReference && reference.isEmpty { reference = meter.referenceNonlocality(images) }
      statistics.add(meter(images, on: pool))
      try progress(statistics.images)
    }
    return meter.report(statistics).adding(reference: reference)
  }
}
