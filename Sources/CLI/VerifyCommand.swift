import ArgumentParser
import Autodiff
import Files
import Foundation
import Images
import Recipes

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read every image or clip of a folder or a list, and list the bad ones.",
    discussion: """
      Images are read to their last row, as training would read them. The exit code is 1 if one \
      cannot be. The last lines say what `convit train` would do with the folder. With --clips \
      every frame of every clip is read: of files (animated GIF and PNG, Y4M, AVI, and what the \
      program ffmpeg reads) and of folders of frames, in a folder for each class or in a list: a \
      CSV file, or a text file with lines `path label` or `folder frames label`.
      """)

  @Argument(help: "The folder, with images at any depth, or a file that lists images or clips.")
  var folder: String
  @OptionGroup var layout: LayoutOptions
  @OptionGroup var limits: LimitOptions
  @OptionGroup var clipOptions: ClipOptions
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    _ = try usage {
      try data.validate()
      _ = try data.decoder()
    }
    guard kind == .images || data.dataSet == .imageNet else {
      throw ValidationError("data-set \(data.dataSet.rawValue) is of images: leave out --clips")
    }
  }

  private var kind: ExampleKind { clipOptions.clips ? .clips : .images }

  private var data: DataSettings {
    var data = DataSettings()
    data.dataPath = folder
    layout.apply(to: &data)
    limits.apply(to: &data)
    return data
  }

  func run() throws {
    var terminal = Terminal()
    var bad = 0
    let training = TrainingPreview(data, of: kind)
    let (decoder, pool) = (try data.decoder(), threads.pool())
    let verifier =
      kind == .clips
      ? FolderVerifier(clips: clipOptions.decoder(images: decoder), pool: pool)
      : FolderVerifier(decoder: decoder, pool: pool)
    func show(_ error: ImageError) throws {
      bad += 1
      if !json { try Terminal.result("\(error)") }
    }
    func progress(_ done: Int, _ all: Int) {
      terminal.progress("verified \(done)/\(all), \(bad) bad")
    }
    let report =
      try data.lists(of: kind).map { try verifier($0, bad: show, progress: progress) }
      ?? verifier(folder, splits: training.folders(in: folder), bad: show, progress: progress)
    terminal.clear()
    if json {
      try Terminal.result(JSON.text(Both(report: report, train: training)))
    } else {
      let lines = lines(of: report) + lines(of: training, bad: report.bad)
      for line in lines { try Terminal.result(line) }
    }
    if !report.bad.isEmpty { throw ExitCode.failure }
  }

  private func lines(of report: FolderReport) -> [String] {
    let (one, many) = (kind.singular, kind.plural)
    let sound = counted(report.images, "\(one) is", "\(many) are")
    let verb = report.bad.count == 1 ? "is" : "are"
    var lines = ["\(sound) sound, \(report.bad.count) \(verb) bad"]
    func add(_ title: String, _ text: String) {
      lines.append(title.padding(toLength: 14, withPad: " ", startingAt: 0) + text)
    }
    guard report.images > 0 else { return lines }
    lines += report.notes.map { note in
      "note: \(shown(note.path)): \(shown(note.reason))" + ImageError.readAllTheSame
    }
    add("formats", listed(report.formats))
    if !report.modes.isEmpty { add("modes", listed(report.modes)) }
    let range = [report.smallest, report.largest].map { "\($0[0]) × \($0[1])" }
    add("sizes", "\(range[0]) to \(range[1]), most often \(listed(report.sizes, to: 3))")
    if !report.orientations.isEmpty { add("orientations", listed(report.orientations)) }
    if let frames = report.frames { add("frames", "\(frames[0]) to \(frames[1])") }
    if let rates = report.rates { add("frames/second", listed(rates)) }
    for (split, classes) in report.classes.sorted(by: { $0.key < $1.key }) {
      let sorted = classes.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
      guard let fewest = sorted.first, let most = sorted.last else { continue }
      add(
        split.isEmpty ? "classes" : split,
        classes.count == 1
          ? "1, \(named(most.key)), with \(counted(most.value, one, many))"
          : "\(classes.count), with \(fewest.value) (\(named(fewest.key))) to \(most.value) "
            + "(\(named(most.key))) \(many) each")
    }
    for paths in report.duplicates { add("same bytes", paths.map(shown).joined(separator: ", ")) }
    if !report.others.isEmpty { add("not read", listed(report.others)) }
    return lines
  }

  private func lines(of training: TrainingPreview, bad: [FolderReport.BadImage]) -> [String] {
    if let error = training.error { return ["convit train would not begin: \(shown(error))"] }
    guard let train = training.train, let val = training.val, let classes = training.classes else {
      return []
    }
    let (images, held) = (kind.counted(train.images), kind.counted(val.images))
    var lines = [
      "convit train would train on \(train.folder) (\(images) of "
        + "\(counted(classes, "class", "classes"))) and validate on "
        + (layout.valFraction == nil ? "\(val.folder) (\(held))" : "the rest of it (\(held))")
    ]
    let count = bad.count { bad in [train, val].contains { $0.contains(bad.path) } }
    if count > 0 {
      lines.append(
        "it would stop at the "
          + (count == 1 ? "bad \(kind.singular)" : "first of \(count) bad \(kind.plural)")
          + "; with --on-bad-image skip it leaves out as many as --max-bad allows")
    }
    return (lines + training.notes.map { "note: \($0)" }).map(shown)
  }

  /// "RGB (300), gray (20)": the most frequent first.
  private func listed(_ counts: [String: Int], to limit: Int = 10) -> String {
    let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let first = sorted.prefix(limit).map { "\(shown($0.key)) (\($0.value))" }
    return first.joined(separator: ", ")
      + (sorted.count > limit ? " and \(sorted.count - limit) more kinds" : "")
  }

  private func named(_ name: String) -> String {
    name.isEmpty ? "none" : ClassNames.shown(name)
  }

  private func shown(_ name: String) -> String {
    name.isEmpty ? "none" : name.printable(limit: 4096)
  }
}

/// One JSON object: the report, and what training would do under "train".
private struct Both: Encodable {
  let report: FolderReport
  let train: TrainingPreview

  func encode(to encoder: any Encoder) throws {
    try report.encode(to: encoder)
    try ["train": train].encode(to: encoder)
  }
}
