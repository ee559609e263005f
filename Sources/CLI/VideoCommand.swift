import ArgumentParser
import Autodiff
import ConViT
import Files
import Foundation
import Images
import Locality
import Recipes
import Report
import Training

struct VideoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "video", abstract: "Ask what a model of clips looks at.",
    subcommands: [VideoAuditCommand.self])
}

struct VideoAuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "See whether a model looks at time at all.",
    discussion: """
      Measures the accuracy on clips as they are, reversed, shuffled, with the first frame in the \
      place of all, and with the frame in the middle; each with 95 % intervals, and with the \
      difference to clips as they are, clip by clip. Sentences at the end say what the numbers \
      support, and no more. Where the data have a split <split>-shuffled, as those of convit \
      dataset moving-clothes --background, its accuracy is compared, too. --output-dir gets \
      audit.html, a page with all of it, how far heads look in space and time, and their maps of a \
      few clips; and audit.json and locality.json.
      """)

  @OptionGroup var model: ModelOptions
  @OptionGroup var images: FolderOptions
  @Option(
    .name("A split with other clips of the same classes. (default: <split>-shuffled, if there)"))
  var compare: String?
  @Option(help: .int("How clips are shuffled depends on it.")) var seed: UInt64 = 0
  @OptionGroup(title: "Clips") var views: ClipViewOptions
  @Flag(help: "Print one JSON object.") var json = false
  @Option(.folder("The folder to write a page to.")) var outputDir: String?
  @Option(.int("Clips that the page shows maps of, of each class in turn. (default: 4)"))
  var show: Int?

  func validate() throws {
    if show != nil && outputDir == nil { throw ValidationError("show is for --output-dir") }
    try require("show", show, in: 0...1000)
  }

  func run() throws {
    let saved = try model.load(frames: views.frames)
    guard saved.kind == .clips else {
      throw ValidationError(
        "\(model.file.weights) is a model of images, which have no order; audits are of clips")
    }
    let configuration = try saved.model(as: TimeSformer.self).configuration
    guard configuration.frames > 1 else {
      throw ValidationError("frames is 1: a clip of one frame has no order")
    }
    if outputDir != nil { try configuration.checkMaps() }
    let output = try outputDir.map(OutputFolder.init)
    let audit = try audit(saved, images)
    var result = Record(
      weights: model.file.weights, split: images.split, audit: audit, compared: nil,
      verdicts: audit.verdicts)
    if let other = compared {
      var images = images
      images.split = other
      let found = try self.audit(saved, images, orders: [.original])
      result.compared = Record.Compared(split: other, audit: found)
      result.verdicts += [audit.verdict(of: found, named: other)].compactMap(\.self)
    }
    try json ? Terminal.result(JSON.text(result)) : result.lines.forEach(Terminal.result)
    if let output { try write(result, saved, to: output) }
  }

  /// The split to compare with, if there is one.
  private var compared: String? {
    if let compare { return compare }
    let name = "\(images.split)-shuffled"
    var isFolder: ObjCBool = false
    let path = "\(images.dataPath)/\(name)"
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue ? name : nil
  }

  private func audit(
    _ saved: SavedModel, _ images: FolderOptions, orders: [ClipOrder] = ClipOrder.allCases
  ) throws -> ClipAudit {
    let clips = try views.reader(
      for: saved, images.images.settings(), cropRatio: images.images.evalCropRatio)
    let folder = try images.folder(for: saved, seed: seed)
    let pool = model.threads.pool()
    var (terminal, skipped) = (Terminal(), images.skipped(of: folder))
    let asked = clips.map(saved.model.averaged(over:)) ?? saved.model
    let audit = try images.evaluator(for: saved, reader: clips, on: pool).audit(
      asked, model.frozen(saved), on: folder.samples, orders: orders, seed: seed, pool: pool,
      noting: { try skipped.note($0) { terminal.line("note: \($0)") } },
      progress: { terminal.progress("audited \($0)/\(folder.samples.count)") })
    if let note = skipped.remark { terminal.line("note: \(note)") }
    return audit
  }
}

extension VideoAuditCommand {
  /// What is printed.
  struct Record: Encodable {
    struct Compared: Encodable {
      let split: String
      let audit: ClipAudit
    }

    let weights, split: String
    let audit: ClipAudit
    var compared: Compared?
    var verdicts: [String]

    var lines: [String] {
      let head = ["frames", "Acc@1", "95 %", "difference", "95 %", "same answer"]
      let table = aligned([head] + audit.lines.map { $0.cells($0.order.rawValue) }, texts: [0])
      let other = compared.map { compared in
        ["\(compared.split): \(compared.audit.clips) clips"]
          + aligned(compared.audit.lines.map { $0.cells("original") }, texts: [0])
      }
      return ["\(split): \(audit.clips) clips"] + table + (other ?? []) + verdicts
    }
  }
}

extension ClipAudit.Line {
  /// A line of the table.
  fileprivate func cells(_ name: String) -> [String] {
    func text(_ value: Double) -> String { decimal(value, 1) }
    func text(_ interval: [Double]?) -> String {
      interval.map { "\(text($0[0])) … \(text($0[1]))" } ?? ""
    }
    return [
      name, text(acc1), text(interval), difference.map(text) ?? "", text(differenceInterval),
      difference == nil ? "" : text(sameAnswer) + " %",
    ]
  }
}
