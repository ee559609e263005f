import ArgumentParser
import Autodiff
import ConViT
import Files
import Probing
import Recipes
import Safetensors
import Training

struct AblationCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ablation", abstract: "Measure the accuracy without each head and each MLP.",
    discussion: """
      What the part adds is replaced by zeros, or by its mean over the same images. The difference \
      to the whole model has a 95 % interval, image by image. Each image goes through the model \
      once for each part.
      """)

  enum Replacement: String, ExpressibleByArgument, CaseIterable { case zero, mean }

  @OptionGroup var options: ProbeOptions
  @Option(name: .customLong("with"), help: "What replaces a part: zero or mean.")
  var replacement = Replacement.zero

  func run() throws {
    let saved = try options.model.load()
    let model = try saved.transformer
    let (pool, weights) = (options.model.threads.pool(), options.model.frozen(saved))
    var means: PartMeans?
    if replacement == .mean {
      var found = PartMeans(of: model)
      _ = try options.read(saved, on: pool, "means of") { found.add($0.inputs, weights, on: pool) }
      means = found
    }
    let effects = try options.effects(
      of: Intervention.ablations(of: model, means: means), on: saved, pool)
    var record = InterventionRecord(effects, options)
    record.with = replacement.rawValue
    try options.output.show("ablation", record, effects, without: "without")
  }
}

struct KnockoutCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "knockout", abstract: "Measure the accuracy where tokens cannot look at others.",
    discussion: """
      Attention knock-out: weights along some edges of a layer are set to 0, and the rest of each \
      row is scaled to sum to 1; of GPSA's after the gate. One layer at a time, or one head with \
      --by head, and last in all blocks together. --edges says which:

        own          each patch to itself
        near         each patch to others, up to --distance patches away
        far          each patch to others that are farther away (1 leaves its four neighbours)
        from-tokens  the class token to the patches
        to-tokens    the patches to the class token
      """)

  enum Edges: String, ExpressibleByArgument, CaseIterable {
    case own, near, far
    case fromTokens = "from-tokens"
    case toTokens = "to-tokens"
  }
  enum Unit: String, ExpressibleByArgument, CaseIterable { case layer, head }

  @OptionGroup var options: ProbeOptions
  @Option(help: "Which edges are cut: own, near, far, from-tokens or to-tokens.")
  var edges = Edges.far
  @Option(.number("Of near and far, a Euclidean distance in patches. (default: 1)"))
  var distance: Double?
  @Option(help: "What is cut at a time: a layer, or a head.") var by = Unit.layer

  func validate() throws {
    guard let distance else { return }
    guard isByDistance else {
      throw ValidationError("distance is for --edges near and far, not \(edges.rawValue)")
    }
    guard distance >= 0, distance.isFinite else {
      throw ValidationError("distance must be 0 or more, found \(distance)")
    }
  }

  private var isByDistance: Bool { edges == .near || edges == .far }

  private var cut: AttentionEdges {
    let distance = distance ?? 1
    return switch edges {
    case .own: .own
    case .near: .near(distance)
    case .far: .far(distance)
    case .fromTokens: .fromTokens
    case .toTokens: .toTokens
    }
  }

  func run() throws {
    let saved = try options.model.load()
    let interventions = Intervention.knockouts(
      of: try saved.transformer, cut, byHead: by == .head)
    guard !interventions.isEmpty else {
      let grid = try saved.transformer.configuration.grid
      throw ValidationError(
        "no layer of the model has edges \(edges.rawValue)"
          + (distance ?? 1 > 0 && isByDistance
            ? " at distance \(distance ?? 1): it has \(grid.rows) × \(grid.columns) patches" : ""))
    }
    let effects = try options.effects(of: interventions, on: saved, options.model.threads.pool())
    var record = InterventionRecord(effects, options)
    record.edges = edges.rawValue
    record.distance = isByDistance ? distance ?? 1 : nil
    try options.output.show("knockout", record, effects, without: "knocked out in")
  }
}

/// What both commands write as JSON: the model as it is, each intervention, and what was done.
private struct InterventionRecord: Encodable {
  let weights, split: String
  var with, edges: String?
  var distance: Double?
  let images: Int
  let acc1: Double
  let loss: Double?
  let parts: [InterventionEffects.Line]

  init(_ effects: InterventionEffects, _ options: ProbeOptions) {
    (weights, split) = (options.model.file.weights, options.images.split)
    (images, acc1) = (effects.whole.images, effects.whole.accuracy1)
    (loss, parts) = (effects.whole.finiteLoss, effects.lines)
  }
}

extension ProbeOptions {
  /// What interventions do to the accuracy on the images.
  fileprivate func effects(
    of interventions: [Intervention], on saved: SavedModel, _ pool: WorkerPool
  ) throws -> InterventionEffects {
    var effects = InterventionEffects(of: saved.model, model.frozen(saved), interventions)
    _ = try read(saved, on: pool, "measured") {
      effects.add($0.inputs, labels: $0.labels, on: pool)
    }
    return effects
  }
}

extension ProbeOutput {
  /// A line for the model as it is, and one for each intervention.
  fileprivate func show(
    _ name: String, _ record: some Encodable, _ effects: InterventionEffects, without: String
  ) throws {
    let (whole, lines) = (effects.whole, effects.lines)
    let table =
      [[without, "Acc@1", "difference", "from", "to", "loss"]]
      + [["nothing", decimal(whole.accuracy1), "", "", "", decimal(whole.finiteLoss, 4)]]
      + lines.map {
        [$0.part, decimal($0.acc1), decimal($0.difference)]
          + $0.differenceInterval.map { decimal($0) } + [decimal($0.loss, 4)]
      }
    func tensor(_ name: String, _ value: (InterventionEffects.Line) -> Double?) -> OutputTensor {
      OutputTensor(name: name, shape: [lines.count], data: lines.map { Float(value($0) ?? .nan) })
    }
    func row(_ part: String, _ acc1: Double, _ numbers: [Double?]) -> [String] {
      [CSV.cell(part), "\(acc1)"] + numbers.map(CSV.cell)
    }
    let csv =
      [["part", "acc1", "difference", "difference_low", "difference_high", "loss"]]
      + [row("none", whole.accuracy1, [nil, nil, nil, whole.finiteLoss])]
      + lines.map { row($0.part, $0.acc1, [$0.difference] + $0.differenceInterval + [$0.loss]) }
    try show(
      name, record, table: table, csv: csv,
      [tensor("acc1", \.acc1), tensor("difference", \.difference), tensor("loss", \.loss)])
  }
}
