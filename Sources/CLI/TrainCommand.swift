import ArgumentParser
import Foundation
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a model on a folder of images.",
    discussion: """
      The images are PNG and JPEG files in train/<class>/ and val/<class>/. The run gets \
      config.yaml, log.jsonl, steps.jsonl, model.safetensors (the last epoch) and \
      best.safetensors (the most accurate). Every flag is also a key of the YAML config; a flag \
      overrides it.
      """)

  @OptionGroup(title: "Files") var files: FileFlags
  @OptionGroup var options: TrainOptions

  func run() throws {
    var display = TrainingDisplay()
    try Trainer(configuration()).run { display.show($0) }
  }

  /// The configuration of the file, or the default one, with the flags in its place.
  func configuration() throws -> TrainingConfiguration {
    var configuration = try files.config.map(TrainingConfiguration.init(contentsOf:)) ?? .init()
    replace(&configuration.dataPath, files.dataPath)
    replace(&configuration.outputDir, files.outputDir)
    options.apply(to: &configuration)
    return configuration
  }
}

/// What a person sees of a run.
private struct TrainingDisplay {
  private var terminal = Terminal()
  private var run: Trainer.Summary?
  private var epochs = 0

  mutating func show(_ event: Trainer.Event) {
    switch event {
    case .note(let text): terminal.line("note: \(text)")
    case .started(let run):
      self.run = run
      for line in describe(run) { terminal.line(line) }
    case .step(let step, let steps, let speed):
      let inEpoch = step.step % steps + 1
      let eta = eta(Double(step.epoch) + Double(inEpoch) / Double(steps))
      terminal.progress(
        "epoch \(step.epoch + 1)/\(run?.epochs ?? 0)  step \(inEpoch)/\(steps)"
          + String(format: "  loss %.4f  %.0f images/s", step.loss, speed)
          + "  ETA \(eta)")
    case .evaluated(let images, let all):
      let epoch = "\(epochs + 1)/\(run?.epochs ?? 0)"
      terminal.progress("epoch \(epoch)  evaluated \(images)/\(all)")
    case .epoch(let record, let isBest):
      epochs = record.epoch + 1
      let speed = Double(run?.imagesPerEpoch.all ?? 0) / max(record.seconds, 1e-9)
      let eta = eta(Double(record.epoch + 1))
      terminal.line(
        "epoch \(record.epoch + 1)/\(run?.epochs ?? 0)"
          + String(
            format: "  train loss %.4f  lr %.2e  test loss %.4f  acc@1 %.2f  acc@5 %.2f",
            record.trainLoss, record.trainLr, record.testLoss, record.testAcc1, record.testAcc5)
          + String(format: "  %.1f s  %.0f images/s", record.seconds, speed)
          + "  ETA \(eta)" + (isBest ? "  best" : ""))
    }
  }

  /// The time left if the rest takes as long as what is done.
  private func eta(_ epochs: Double) -> String {
    guard let run, epochs > 0 else { return "–" }
    return clock(terminal.elapsed / epochs * (Double(run.epochs) - epochs))
  }

  private func describe(_ run: Trainer.Summary) -> [String] {
    let model = run.model
    let gpsa = model.localUpToLayer > 0 ? ", \(model.localUpToLayer) of them GPSA" : ""
    return [
      "model: \(run.parameters) parameters, \(model.depth) blocks\(gpsa), \(model.heads) heads of "
        + "\(model.embedDim / model.heads) features, "
        + "\(model.grid.rows) × \(model.grid.columns) patches",
      "data: \(run.trainingImages) images to train on, \(run.validationImages) to test on, "
        + "\(run.classes) classes",
      "training: \(run.epochs) \(run.epochs == 1 ? "epoch" : "epochs") of "
        + "\(run.stepsPerEpoch) steps on \(run.imagesPerEpoch.all) images"
        + (run.imagesPerEpoch.all == run.imagesPerEpoch.different
          ? ", " : ", \(run.imagesPerEpoch.different) different ones, ")
        + String(format: "learning rate %.3g", run.rate) + ", \(run.threads) threads",
      "machine: about \(run.memory.description) of memory, BLAS is \(run.blas.description)",
    ] + (run.blas.warning.map { ["note: \($0)"] } ?? [])
  }
}
