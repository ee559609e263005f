import ArgumentParser
import Autodiff
import ConViT
import Files
import Foundation
import Recipes
import Symmetry

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure how fast a model trains or predicts here.",
    discussion: """
      With modes train and inference: random images, or clips, that are in memory, at the rate of \
      the median step. Beside it stand the rate of the model's matrix products by themselves \
      ("alone", all threads) and that of multiply-adds whose operands are in registers, which no \
      program can exceed, each measured in the same process; and the level, which says what \
      instructions the kernels use (CONVIT_LEVEL=x86-64-v3 holds them to AVX2). With mode data: \
      no model, but the images of --data-path from their files to normalised batches, as convit \
      train with the same flags reads them. Started by mpirun, mode train measures all ranks \
      together, each on a batch.
      """)

  @Option(help: "A preset; see convit models. (default: convit_tiny)") var model: String?
  @Option(help: "Or the model of a training config, with ten classes.") var config: String?
  @Option(help: .file("Or the model of a weights file, as it is pruned.")) var weights: String?
  @Option(help: "Pixels of the images, or frames: N, or HxW.") var inputSize: InputSize?
  @Option(.int("Frames of a clip: a preset of images becomes one of clips.")) var frames: Int?
  @Option(.name("Which patches of a clip look at which. (default: divided)"))
  var attention: TimeSformerConfiguration.Scheme?
  @Option(help: "Images, or clips, a step.") var batchSize = 32
  @Option(help: "train, inference or data.") var mode = Mode.train
  @Option(help: "Threads that compute. (default: the processors)") var threads: Int?
  @Option(help: "Seconds to measure. (default: 10)") var seconds: Double?
  @Option(help: "Steps to measure, instead of seconds.") var steps: Int?
  @Option(help: "Steps before the clock starts. (default: 2)") var warmup: Int?
  @Flag(help: "Compute blocks once more for their derivatives, to save memory.")
  var recompute = false
  @Option(.int("Sums of gradients kept apart: threads that train at a time. (default: 4)"))
  var lanes: Int?
  @Option(
    .int("Images, or clips, a thread differentiates at a time. (default: by the model's size)"))
  var shardSize: Int?
  @Flag(help: "Keep each thread on one processor.") var pinThreads = false
  @Option(help: "The precision of matrix products. (default: fp32)") var precision: Precision?
  @Option(
    .name("Say what an average over a group costs: hflip, c4, d4, cyclic:K; in mode inference."))
  var average: String?
  @Flag(help: "Print one JSON object.") var json = false
  @Option(.folder("The folder of images, with mode data.")) var dataPath: String?
  @OptionGroup(title: "Augmentation") var augmentation: AugmentationFlags
  @OptionGroup(title: "Data") var data: DataFlags

  enum Mode: String, ExpressibleByArgument, CaseIterable { case train, inference, data }

  func validate() throws {
    try require("frames", frames, in: 1...1024)
    try require("batch-size", batchSize, in: 1...100_000)
    try require("threads", threads, in: 1...1024)
    try require("lanes", lanes, in: 1...1024)
    try require("shard-size", shardSize, in: 1...100_000)
    try require("steps", steps, in: 1...1_000_000)
    try require("warmup", warmup, in: 0...1_000_000)
    guard (seconds ?? 1) > 0, (seconds ?? 1).isFinite else {
      throw ValidationError("seconds must be positive, found \(seconds ?? 0)")
    }
    for (flags, areBothGiven) in [
      ("--model and --config", model != nil && config != nil),
      ("--weights and --model", weights != nil && model != nil),
      ("--weights and --config", weights != nil && config != nil),
      ("--frames and --weights or --config", frames != nil && (weights ?? config) != nil),
      ("--attention and --weights or --config", attention != nil && (weights ?? config) != nil),
      ("--steps and --seconds", steps != nil && seconds != nil),
      ("--mode train and --average", mode == .train && average != nil),
      ("--mode inference and --recompute", mode == .inference && recompute),
      ("--mode inference and --lanes", mode == .inference && lanes != nil),
      ("--mode inference and --shard-size", mode == .inference && shardSize != nil),
    ] where areBothGiven { throw ValidationError("\(flags) do not go together") }
    _ = try usage { try average.map(ImageSymmetry.init(named:)) }
    try mode == .data ? validateForData() : validateForModel()
  }

  func run() throws {
    guard mode != .data else { return try runOnData() }
    guard mode == .train else { return try run(in: SingleProcess()) }
    try TrainingProcesses.run { try run(in: $0) }
  }

  private func run(in group: any ProcessGroup) throws {
    let recipe = try config.map { try TrainingConfiguration(contentsOf: $0) }
    let name = weights ?? config ?? model ?? "convit_tiny"
    var benchmark = Benchmark(
      name: name, model: try makeModel(name, recipe), mode: mode == .train ? .train : .inference,
      batchSize: batchSize, threads: threads ?? WorkerPool.availableProcessors)
    (benchmark.warmup, benchmark.steps, benchmark.seconds) = (warmup ?? 2, steps, seconds ?? 10)
    benchmark.recompute = recompute
    benchmark.precision = precision ?? recipe?.precision ?? .float32
    (benchmark.lanes, benchmark.shardSize) = (lanes ?? 4, shardSize)
    benchmark.pinThreads = pinThreads
    benchmark.group = group
    let averages = try average.map { try self.averages(over: $0, benchmark) }
    if let warning = ProductKernels.warning(for: benchmark.precision) {
      Terminal.write("note: \(warning)\n")
    }
    var report = try benchmark()
    report.average = averages?()
    guard group.rank == 0 else { return }
    json ? try printJSON(report) : show(report, benchmark.model)
  }

  private func averages(over group: String, _ benchmark: Benchmark) throws -> AverageBenchmark {
    guard let model = benchmark.model as? VisionTransformer else {
      throw ValidationError("--average is for models of images, and \(benchmark.name) is of clips")
    }
    var averages = try usage {
      try AverageBenchmark(
        model, over: ImageSymmetry(named: group), batchSize: batchSize, threads: benchmark.threads)
    }
    (averages.steps, averages.seconds) = (benchmark.steps, benchmark.seconds)
    averages.precision = benchmark.precision
    return averages
  }

  private func makeModel(
    _ name: String, _ recipe: TrainingConfiguration?
  ) throws -> any VisionModel {
    if let weights {
      let saved = try SavedModel.noted(weights, model: nil, inputSize: inputSize, patchSize: nil)
      return try saved.model as? TimeSformer ?? saved.transformer
    }
    do {
      if var recipe {
        recipe.inputSize = inputSize ?? recipe.inputSize
        return try recipe.makeModel(classes: 10)
      }
      let isOfClips = name.hasPrefix(TimeSformerConfiguration.name)
      guard isOfClips || frames != nil else {
        if attention != nil {
          throw ValidationError("--attention is for models of clips: --frames")
        }
        return try VisionTransformer(resized(.preset(of: name)))
      }
      var clips = try isOfClips ? .preset(of: name) : TimeSformerConfiguration(.preset(of: name))
      clips.image = resized(clips.image)
      (clips.frames, clips.scheme) = (frames ?? clips.frames, attention ?? clips.scheme)
      return try TimeSformer(clips)
    } catch let error as ConfigurationError {
      throw ValidationError(error.message)
    }
  }

  private func resized(_ configuration: ViTConfiguration) -> ViTConfiguration {
    var resized = configuration
    if let size = inputSize?.size {
      (resized.imageHeight, resized.imageWidth) = (size.height, size.width)
    }
    return resized
  }

  func printJSON(_ report: some Encodable) throws {
    let encoder = JSON.encoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    print(String(decoding: try encoder.encode(report), as: UTF8.self))
  }

  private func show(_ report: Benchmark.Report, _ model: any VisionModel) {
    let examples = model is TimeSformer ? "clips" : "images"
    func whole(_ number: Double) -> String { String(format: "%.0f", number) }
    let speeds = [report.imagesPerSecond, report.imagesPerSecondBest]
    let alone = report.gemmGflops.map { "; alone " + whole($0) } ?? ""
    let threads =
      (report.ranks > 1 ? "\(report.ranks) ranks × " : "")
      + counted(report.threads, "thread", "threads")
    let peak = report.peakGflops.map { "; in registers " + whole($0) } ?? ""
    let blas = report.blasGflops.map { "; \(report.blas), fp32: " + whole($0) } ?? ""
    print(
      """
      \(report.model), \(report.mode), batch \(report.batchSize), \(threads)
      products  \(report.precision.rawValue), \(report.products), level \(report.level)
      \(String(format: "speed     %.1f \(examples)/s (fastest step %.1f)", arguments: speeds))
                \(whole(report.gflops)) GFLOPS\(alone)\(peak)\(blas)
      memory    \(whole(report.peakRssMb)) MB at most
      """)
    if let average, let costs = report.average {
      print(
        String(
          format: "average   \(average): the time of %.2f passes; at most %.0f MB, %.0f before it",
          costs.passes, costs.peakRssMb, costs.peakRssMbBefore))
    }
    for (kind, share) in report.breakdown.sorted(by: { $0.value > $1.value }) {
      print(
        "  \(kind.padding(toLength: 10, withPad: " ", startingAt: 0))"
          + String(format: "%5.1f %%", 100 * share))
    }
  }
}
