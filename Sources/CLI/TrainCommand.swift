import ArgumentParser
import Autodiff
import ConViT
import Files
import Foundation
import Images
import Recipes
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a model on a folder of images, or of clips.",
    discussion: """
      The images are PNG, JPEG and WebP files in train/<class>/ and val/<class>/; with --frames, \
      or a model such as timesformer_tiny_patch16_224, clips: videos, animated GIF and PNG, \
      folders of frames, or a text file of lines `path label` or `folder frames label`. \
      The run gets \
      config.yaml, log.jsonl, steps.jsonl, model.safetensors (the last epoch), \
      best.safetensors (the most accurate) and checkpoint.safetensors, from which --resume goes \
      on. Every flag is also a key of the YAML config; a flag overrides it, and the last of a \
      flag that is repeated counts. Where a value may be left out, none takes back what the config \
      says, as null does in a config: --finetune none. --save-every, --save-every-steps, \
      --locality-every, --log-every, --clip-grad, --val-fraction, --early-stop and --time-budget \
      are off at 0.

      SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2 stop a run after its step: it saves where it is \
      and exits with 75. A second SIGINT exits at once.
      """)

  @OptionGroup(title: "Files") var files: FileFlags
  @OptionGroup var options: TrainOptions

  func run() throws {
    try TrainingProcesses.run { group in
      let (configuration, checkpoint, notes) = try settled()
      var observer: (any TrainingObserver)?
      try Self.train(
        configuration, from: checkpoint, notes: notes, watching: &observer, in: group)
    }
  }

  /// A run that is shown on the terminal and that signals stop, to its end or until so many epochs
  /// are done.
  static func train(
    _ configuration: TrainingConfiguration, from checkpoint: Checkpoint.Requested? = nil,
    notes: [String] = [], until epochs: Int? = nil
  ) throws {
    var observer: (any TrainingObserver)?
    try train(configuration, from: checkpoint, notes: notes, until: epochs, watching: &observer)
  }

  /// The same, with an observer that looks on.
  static func train(
    _ configuration: TrainingConfiguration, from checkpoint: Checkpoint.Requested? = nil,
    notes: [String] = [], until epochs: Int? = nil,
    watching observer: inout (any TrainingObserver)?,
    in group: any ProcessGroup = SingleProcess()
  ) throws {
    StopSignals.watch()
    let isFirst = group.rank == 0
    var display = TrainingDisplay(isSilent: !isFirst)
    do {
      let trainer = try Trainer(configuration, from: checkpoint, in: group)
      for note in notes { display.show(.note(note)) }
      var page = isFirst ? LivePage(trainer.configuration) : nil
      defer { page?.end { display.show(.note($0)) } }
      try trainer.run(until: epochs, watching: &observer) { event in
        display.show(event)
        page?.renew(after: event) { display.show(.note($0)) }
      } isStopped: {
        StopSignals.haveCome
      }
    } catch let interruption as RunInterrupted {
      if isFirst { Terminal.error("\(interruption)") }
      throw ExitCode(StopSignals.exitCode)
    }
  }

  /// What was given over the configuration of a checkpoint, if one is asked for, and notes on it.
  private func settled() throws -> (TrainingConfiguration, Checkpoint.Requested, [String]) {
    let (asked, notes) = try merged()
    let found = try Checkpoint.requested(by: asked)
    guard let checkpoint = found.checkpoint else {
      let (shaped, note) = try TrainingConfiguration.shapedByWeights(configuration)
      return (shaped, found, notes + [note].compactMap { $0 })
    }
    let (configuration, changes) = try merged(over: checkpoint.configuration)
    return (configuration, found, changes)
  }

  /// The base with the values of the file in its place, and the flags in the place of both.
  func configuration(over base: TrainingConfiguration = .init()) throws -> TrainingConfiguration {
    try merged(over: base).configuration
  }

  /// The same, and what is to be said about it.
  private func merged(
    over base: TrainingConfiguration = .init()
  ) throws -> (configuration: TrainingConfiguration, notes: [String]) {
    var configuration =
      try files.config.map { try TrainingConfiguration(contentsOf: $0, over: base) } ?? base
    configuration.dataPath = files.dataPath ?? configuration.dataPath
    configuration.outputDir = files.outputDir ?? configuration.outputDir
    let file = configuration
    options.apply(to: &configuration)
    guard let path = files.config else { return (configuration, []) }
    return try configuration.withoutUnused(of: file, from: path)
  }
}

private struct TrainingDisplay {
  let isSilent: Bool
  private var terminal = Terminal()
  private var run: Trainer.Summary?
  private var epochs = 0
  private var before = 0.0  // epochs that were done when the run resumed

  init(isSilent: Bool) { self.isSilent = isSilent }

  mutating func show(_ event: Trainer.Event) {
    if isSilent { return }
    switch event {
    case .note(let text): terminal.line("note: \(text)")
    case .finished(let epochs):
      terminal.line("nothing to do: the run has ended, after \(epochs) epochs")
    case .endedEarly(let reason): terminal.line(reason)
    case .started(let run):
      self.run = run
      epochs = run.progress.epoch
      before = Double(epochs) + Double(run.progress.step) / Double(run.stepsPerEpoch)
      for line in describe(run) { terminal.line(line) }
    case .step(let step, let steps, let speed):
      let inEpoch = step.step % steps + 1
      let eta = eta(Double(step.epoch) + Double(inEpoch) / Double(steps))
      terminal.progress(
        "epoch \(step.epoch + 1)/\(run?.epochs ?? 0)  step \(inEpoch)/\(steps)"
          + String(format: "  loss %.4f  ", step.loss)
          + String(format: speed < 10 ? "%.1f" : "%.0f", speed)
          + " \(run?.kind.plural ?? "")/s"
          + "  ETA \(eta)")
    case .evaluated(let images, let all):
      let epoch = "\(epochs + 1)/\(run?.epochs ?? 0)"
      terminal.progress("epoch \(epoch)  evaluated \(images)/\(all)")
    case .epoch(let record, let isBest):
      epochs = record.epoch + 1
      let text = EpochText(
        record: record, epochs: run?.epochs ?? 0, eta: eta(Double(record.epoch + 1)),
        isBest: isBest)
      terminal.line(text.line)
    }
  }

  /// The time left if the rest takes as long as what is done.
  private func eta(_ epochs: Double) -> String {
    guard let run, epochs > before else { return "–" }
    return clock(terminal.elapsed / (epochs - before) * (Double(run.epochs) - epochs))
  }

  private func describe(_ run: Trainer.Summary) -> [String] {
    let clips = run.model as? TimeSformerConfiguration
    guard let model = clips?.image ?? run.model as? ViTConfiguration else { return [] }
    let (progress, visited) = (run.progress, run.imagesPerEpoch)
    let gpsa = model.localUpToLayer > 0 ? ", \(model.localUpToLayer) of them GPSA" : ""
    let trained = run.trained < run.parameters ? " (\(run.trained) of them trained)" : ""
    let images = run.kind.counted(run.trainingImages)
    let classes = counted(run.classes, "class", "classes")
    return [
      "model: \(run.parameters) parameters\(trained), \(model.depth) blocks\(gpsa), "
        + "\(model.headsText) heads of \(model.headFeatures) features, "
        + "\(model.grid.rows) × \(model.grid.columns) patches"
        + (clips.map { ", \($0.frames) frames, \($0.scheme.rawValue) attention" } ?? ""),
      "data: \(images) to train on, \(run.validationImages) to test on, \(classes)",
      "training: \(counted(run.epochs, "epoch", "epochs")) of "
        + "\(run.stepsPerEpoch) steps on \(visited.all) \(run.kind.plural), "
        + (visited.all == visited.different ? "" : "\(visited.different) different ones, ")
        + String(format: "learning rate %.3g", run.rate)
        + ", \(run.ranks ?? counted(run.threads, "thread", "threads"))",
      progress == RunProgress()
        ? nil : "resumes: epoch \(progress.epoch + 1), after its step \(progress.step)",
      "machine: about \(run.memory.description) of memory; products in "
        + "\(run.precision.rawValue) by \(ProductKernels.description(of: run.precision))",
      ProductKernels.warning(for: run.precision).map { "note: \($0)" },
    ].compactMap(\.self)
  }
}
