import Autodiff
import ConViT
import Files
import Images
import Locality
import Recipes
import Report
import Training

extension VideoAuditCommand {
  /// Clips that distances are measured on, at most.
  private static let sample = 1024

  /// Writes the page of an audit, and its numbers.
  func write(_ record: Record, _ saved: SavedModel, to output: OutputFolder) throws {
    let model = try saved.model(as: TimeSformer.self)
    guard
      let reader = try views.one.reader(
        for: saved, images.images.settings(), cropRatio: images.images.evalCropRatio)
    else { return }
    let folder = try images.folder(for: saved, seed: seed)
    let (pool, frozen) = (self.model.threads.pool(), self.model.frozen(saved))
    let samples = folder.balancedSample(Self.sample, seed: seed)
    var (terminal, skipped) = (Terminal(), images.skipped(of: folder))
    let locality = try images.evaluator(for: saved, reader: reader, on: pool).clipLocality(
      model, frozen, on: samples, pool: pool,
      noting: { try skipped.note($0) { _ in } },
      progress: { terminal.progress("measured \($0)/\(samples.count)") })
    let figures = try folder.inClassTurns(show ?? 4, seed: seed).compactMap { sample in
      try figure(of: sample, reader, model, saved, frozen, pool)
    }
    let text = try JSON.text(record)
    let page = try VideoPage(
      record: text, data: images.dataPath, locality: locality, figures: figures)
    try output.write(page.html, to: "audit.html")
    try output.write(JSON.text(record, isPretty: true) + "\n", to: "audit.json")
    try output.write(JSON.text(locality, isPretty: true) + "\n", to: "locality.json")
    terminal.line("wrote \(outputDir ?? "")/audit.html, audit.json and locality.json")
  }

  /// The maps of the patch in the centre of the frame in the middle; nil for a clip that cannot be
  /// read.
  private func figure(
    of sample: ImageFolder.Sample, _ reader: ClipReader, _ model: TimeSformer,
    _ saved: SavedModel, _ weights: FrozenWeights, _ pool: WorkerPool
  ) throws -> VideoPage.Figure? {
    guard let frames = try? reader.images(at: sample.path)[0] else { return nil }
    let c = model.configuration
    let clip = Tensor.concatenated(frames.map(reader.normalization.tensor), 0)
      .reshaped(Shape([1] + model.input.sizes))
    let grid = c.image.grid
    let attention = ClipAttention(
      model, weights, clip: clip,
      query: .patch(frame: c.frames / 2, row: grid.rows / 2, column: grid.columns / 2),
      layers: Set(model.blocks.indices))
    let logits = model.logits(of: clip, weights, on: pool).elements
    let answer = logits.indices.max { logits[$0] < logits[$1] } ?? 0
    let figure = try AttentionFigure(
      attention.strip, heads: Array(0..<c.image.heads), size: saved.imageSize,
      image: RGBImage(beside: frames), source: self.model.file.weights, extent: .cell)
    return try VideoPage.Figure(
      path: sample.path,
      caption: (views.clips ?? 1) * (views.crops ?? 1) > 1
        ? "is answered, of the view in the middle, with \(saved.className(answer))"
        : "is answered with \(saved.className(answer))",
      figure)
  }
}
