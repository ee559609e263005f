import ArgumentParser
import Autodiff
import ConViT
import Files
import Foundation
import Images
import Pruning

struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Set weights to zero, or remove heads and hidden units.",
    discussion: """
      With --data-path, the relative change of the logits is predicted from derivatives at the \
      weights as they are, and measured beside it. --plan finds the largest sparsity that changes \
      logits by at most --eps on these images. Without --structured, weights become zeros, and the \
      file has masks of them; with it, heads and hidden units are removed, so that the file is \
      smaller and the model faster.

        convit prune --weights W --sparsity 0.5 --output half.safetensors
        convit prune --weights W --plan --eps 0.1 --data-path D --output light.safetensors
        convit prune --weights W --structured both --sparsity 0.5 --output small.safetensors
        convit prune --weights W --sweep --data-path D --output-dir sweeps/W
      """)

  @OptionGroup var model: ModelOptions
  @Option(
    .name(
      "What goes: the smallest weights, any (random), or those that matter least to the loss "
        + "(taylor, of heads and units also gate). (default: magnitude)"))
  var method: PruningMethod?
  @Option(.number("The share of the weights, heads or hidden units that goes.")) var sparsity:
    Double?
  @Flag(help: "Find the largest sparsity that keeps --eps.") var plan = false
  @Option(.number("For --plan, the relative change of outputs that may be: 0.1."))
  var eps: Double?
  @Option(
    .name("layer: the share of each matrix; global: of all weights together. (default: layer)"))
  var scope: PruningRule.Scope?
  @Option(.name("Remove whole heads, hidden units of MLPs (mlp), or both."))
  var structured: KeptParts.Kind?
  @Flag(help: "Measure 11 sparsities by each method, and show them on a page.")
  var sweep = false
  @Option(.int("For --sweep, random choices at each sparsity. (default: 3)")) var seeds: Int?
  @Option(.folder("For --sweep, the folder to write to.")) var outputDir: String?
  @Flag(help: "Prune the weights that make patches, too.") var patchEmbed = false
  @Flag(help: "Prune the weights of the heads that give classes, too.") var head = false
  @OptionGroup var images: PruningImages
  @Flag(help: "Show norms of what goes, and bounds of what that does to each MLP.")
  var reportBound = false
  @Option(.int("What a random choice, that of images, and --val-fraction depend on. (default: 0)"))
  var seed: UInt64?
  @Option(.file("The weights file to write.")) var output: String?
  @Flag(
    help: "Store only what is kept and a bit for each weight: a smaller file, for convit alone.")
  var sparse = false
  @Flag(help: "Replace a file that is there.") var force = false
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    if images.dataPath != nil {
      try images.layout.validate(
        beside: images.split, mayTrain: sweep || method?.needsImages == true)
    }
    if sweep { return try validateSweep() }
    guard seeds == nil, outputDir == nil else {
      throw ValidationError("--seeds and --output-dir are for --sweep")
    }
    guard plan == (sparsity == nil), plan == (eps != nil) else {
      let both = sparsity != nil && (plan || eps != nil)
      throw ValidationError(
        "say how much: --sparsity P, or --plan --eps E" + (both ? ", not both" : ""))
    }
    if let sparsity, !(0..<1).contains(sparsity) {
      throw ValidationError("sparsity must be at least 0 and below 1, found \(sparsity)")
    }
    if let eps, !(eps > 0 && eps.isFinite) {
      throw ValidationError("eps must be positive, found \(eps)")
    }
    guard !plan || images.dataPath != nil else {
      throw ValidationError("--plan measures on images: it needs --data-path")
    }
    if let method {
      guard method.ofWeights != nil || structured != nil else {
        throw ValidationError("--method \(method) is for heads and units: --structured")
      }
      guard !method.needsImages || images.dataPath != nil else {
        throw ValidationError("--method \(method) looks at images of train: it needs --data-path")
      }
    }
    guard output != nil || reportBound || images.dataPath != nil else {
      throw ValidationError(
        "--output says which file to write; --data-path or --report-bound show figures without one")
    }
    guard output != nil || !force else {
      throw ValidationError("--force is about --output, which is missing")
    }
    guard seed == nil || method == .random || images.dataPath != nil else {
      throw ValidationError("--seed is for --method random and for which images are taken")
    }
    try validateStructured()
    guard !sparse || output != nil else {
      throw ValidationError("--sparse is about --output, which is missing")
    }
    guard !sparse || structured == nil else {
      throw ValidationError(
        "--sparse is for weights that are set to zero; --structured removes whole heads and units")
    }
  }

  private func validateStructured() throws {
    guard structured == nil || !(patchEmbed || head) else {
      throw ValidationError("--structured takes heads and hidden units alone")
    }
  }

  private func validateSweep() throws {
    let others: [(String, Bool)] = [
      ("method", method != nil), ("sparsity", sparsity != nil), ("plan", plan),
      ("eps", eps != nil), ("scope", scope != nil), ("output", output != nil),
      ("sparse", sparse), ("report-bound", reportBound),
    ]
    if let other = others.first(where: \.1) {
      throw ValidationError("--sweep measures all there are: --\(other.0) has no use beside it")
    }
    guard images.dataPath != nil, outputDir != nil else {
      throw ValidationError("--sweep needs --data-path to measure on, and --output-dir")
    }
    try require("seeds", seeds, in: 1...1000)
    try validateStructured()
  }

  func run() throws {
    if let output { try requirePlace(for: output, force: force) }
    let saved = try model.load(frames: images.clips.frames)
    guard structured == nil || saved.kind == .images else {
      throw ValidationError("structured is for models of images, and the weights are of clips")
    }
    if sweep { return try runSweep(of: saved) }
    let (method, scope) = (method ?? .magnitude, scope ?? .layer)
    let maker = try maker(for: saved, [method])
    noteWhatIsKnown(of: saved, maker.warning(method, scope))
    let sample = try images.sample(for: saved, seed: seed ?? 0, model.threads)
    let gap = try sample.map { try self.gap(of: saved, on: $0) }
    /// What goes for a share of it.
    func cut(_ share: Double) throws -> MaskMaker.Cut {
      try maker.cut(method, scope, seed: seed ?? 0, share: share)
    }
    var (terminal, tried) = (Terminal(), 0)
    let plan = gap.flatMap { gap in
      eps.map {
        GapPlan(keeping: $0, of: gap) {
          tried += 1
          terminal.progress("planning: gap \(tried)")
          return (try? cut($0).gates) ?? .init(saved.weights.tree)
        }
      }
    }
    terminal.clear()
    let share = plan?.sparsity ?? sparsity ?? 0
    let chosen = try cut(share)
    var report = PruneReport(saved.weights, chosen, sparsity: share, method, scope)
    report.trials = plan?.trials
    if report.removed == 0 {
      let reason = eps.map { ": all that can go changes logits by more than \($0)" } ?? ""
      Terminal.write("note: nothing is removed\(reason)\n")
    }
    if let gap { report.add(gap, chosen, labels: sample?.labels ?? []) }
    if reportBound { report.addBounds(of: saved.model, saved.weights, chosen.masks) }
    if let output { report.parametersWritten = try write(saved, chosen, to: output) }
    if json { return try Terminal.result(JSON.tableText(report)) }
    try report.lines.forEach(Terminal.result)
    if let output { Terminal.write("wrote \(output)\n") }
  }

  /// Says what there is to know before anything goes.
  func noteWhatIsKnown(of saved: SavedModel, _ warning: String?) {
    let path = model.file.weights
    if let warning { Terminal.write("note: \(path): \(warning)\n") }
    guard let masks = saved.masks else { return }
    let gone = PruningRule(.magnitude, selection: selection).share(removedBy: masks)
    let percent = String(format: "%.1f", 100 * gone)
    Terminal.write("note: \(path): \(percent) % of its weights are pruned and stay 0\n")
  }

  private var selection: ParameterSelection { .prunable(patchEmbedding: patchEmbed, head: head) }

  /// What chooses by some methods, which may look at images of `train`.
  func maker(for saved: SavedModel, _ methods: [PruningMethod]) throws -> MaskMaker {
    let examples =
      methods.contains(where: \.needsImages)
      ? try images.sample(for: saved, split: "train", seed: seed ?? 0, model.threads) : nil
    return try MaskMaker(
      of: saved, structured, selection, for: methods, examples: examples, on: model.threads.pool())
  }

  func gap(of saved: SavedModel, on sample: Batch) throws -> OutputGap {
    OutputGap(
      saved.model, saved.weights, on: sample.inputs, pool: model.threads.pool(),
      precision: model.precision)
  }

  /// Writes what is left, and returns the number of its parameters.
  private func write(
    _ saved: SavedModel, _ cut: MaskMaker.Cut, to path: String
  ) throws -> Int {
    guard let parts = cut.parts else {
      var pruned = saved
      pruned.weights.apply(cut.masks)
      pruned.masks = cut.masks
      try sparse ? pruned.writeSparse(to: path) : pruned.write(to: path)
      return pruned.weights.tree.elementCount
    }
    let small = try parts.smaller(saved)
    try small.write(to: path)
    return small.weights.tree.elementCount
  }
}

extension PruningRule.Scope: ExpressibleByArgument {}
extension KeptParts.Kind: ExpressibleByArgument {}
