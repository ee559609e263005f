import ArgumentParser
import Autodiff
import Foundation
import Images
import Training

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Read every image of a folder, and list the bad ones.",
    discussion: """
      Images are read to their last row, as training would read them. The exit code is 1 if one \
      cannot be.
      """)

  @Argument(help: "The folder; images may lie at any depth.") var folder: String
  @OptionGroup var limits: LimitOptions
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    _ = try usage { try decoder() }
  }

  private func decoder() throws -> ImageDecoder {
    var data = DataSettings()
    limits.apply(to: &data)
    try data.validate()
    return try data.decoder()
  }

  func run() throws {
    var terminal = Terminal()
    var bad = 0
    let verifier = FolderVerifier(
      decoder: try decoder(), pool: threads.pool())
    let report = try verifier(
      folder,
      bad: { error in
        bad += 1
        if !json { try Terminal.result("\(error)") }
      },
      progress: { terminal.progress("verified \($0)/\($1), \(bad) bad") })
    terminal.clear()
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      try Terminal.result(String(decoding: try encoder.encode(report), as: UTF8.self))
    } else {
      for line in lines(of: report) { try Terminal.result(line) }
    }
    if !report.bad.isEmpty { throw ExitCode.failure }
  }

  private func lines(of report: FolderReport) -> [String] {
    let verb = report.bad.count == 1 ? "is" : "are"
    var lines = ["\(report.images) images are sound, \(report.bad.count) \(verb) bad"]
    func add(_ title: String, _ text: String) {
      lines.append(title.padding(toLength: 14, withPad: " ", startingAt: 0) + text)
    }
    guard report.images > 0 else { return lines }
    add("formats", listed(report.formats))
    add("modes", listed(report.modes))
    let range = [report.smallest, report.largest].map { "\($0[0]) × \($0[1])" }
    add("sizes", "\(range[0]) to \(range[1]), most often \(listed(report.sizes, to: 3))")
    add("orientations", listed(report.orientations))
    for (split, classes) in report.classes.sorted(by: { $0.key < $1.key }) {
      let sorted = classes.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
      guard let fewest = sorted.first, let most = sorted.last else { continue }
      add(
        split.isEmpty ? "classes" : split,
        "\(classes.count), with \(fewest.value) (\(shown(fewest.key))) to \(most.value) "
          + "(\(shown(most.key))) images each")
    }
    for paths in report.duplicates { add("same bytes", paths.map(shown).joined(separator: ", ")) }
    if !report.others.isEmpty { add("not read", listed(report.others)) }
    return lines
  }

  /// "RGB (300), gray (20)": the most frequent first.
  private func listed(_ counts: [String: Int], to limit: Int = 10) -> String {
    let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let first = sorted.prefix(limit).map { "\(shown($0.key)) (\($0.value))" }
    return first.joined(separator: ", ")
      + (sorted.count > limit ? " and \(sorted.count - limit) more kinds" : "")
  }

  private func shown(_ name: String) -> String {
    name.isEmpty ? "none" : ImageError.escaped(name)
  }
}
