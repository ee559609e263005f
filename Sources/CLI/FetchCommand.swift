import ArgumentParser
import ConViT
import Fetching
import Files
import Foundation

/// `convit fetch NAME`: the only command that uses a network.
struct FetchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Download published weights.",
    discussion: """
      From the servers of their authors, a .pth file; or from the Hugging Face hub (names with \
      timm's tag, such as .fb_in1k), a folder that also has the config.json with the model, \
      normalisation and crop. A file gets its name when it is whole; it is held against the \
      sha256 that is published (DeiT's) or that the hub says, and ConViT's, of which none is \
      published, against its size. What a broken connection or Ctrl-C leaves is in \
      <file>.part; the same command resumes there. No other command downloads anything.

        convit fetch --list
        convit fetch convit_tiny
        convit evaluate --weights convit_tiny.pth --model convit_tiny --data-path imagenet
        convit fetch vit_small_patch16_224.augreg_in1k
        convit evaluate --weights vit_small_patch16_224.augreg_in1k --data-path imagenet
      """)

  @Argument(help: .value("name", "The weights, by a name of --list.")) var name: String?
  @Flag(help: "List what can be fetched, with parameters, accuracy and licence.") var list = false
  @Option(.value("path", "The file or folder to write. (default: the name, in this folder)"))
  var output: String?
  @Option(
    .value("https://…", "A mirror: what the address begins with instead of the publisher's server.")
  )
  var from: String?
  @Flag(help: "Fetch it again, in the place of a file that is there.") var force = false

  func validate() throws {
    guard !list else {
      guard name == nil, output == nil, from == nil, !force else {
        throw ValidationError("list goes alone")
      }
      return
    }
    guard name != nil else { throw ValidationError("expected a <name>, or --list") }
    guard output != "" else { throw ValidationError("output is empty") }
    let weights = try weights()
    _ = try usage { try Fetch(weights.file, from: from, to: "") }
  }

  func run() throws {
    if list { return try FetchTable.write() }
    let weights = try weights()
    let output = output ?? weights.outputName
    StopSignals.watch()
    var path = output
    if weights.configuration != nil {
      _ = try OutputFolder(output)
      path = "\(output)/model.safetensors"
    }
    let outcome: Fetch.Outcome
    do {
      if let configuration = weights.configuration {
        _ = try fetch(configuration, to: "\(output)/config.json", named: "config.json")
      }
      outcome = try fetch(weights.file, to: path, named: weights.name)
    } catch {
      if weights.configuration != nil { rmdir(output) }  // if nothing is in it
      throw error
    }
    try Terminal.result(
      "\(path): \(outcome.wasThere ? "is there already, " : "")\(megabytes(outcome.bytes)), "
        + "sha256 \(outcome.sha256), \(verdict(outcome))")
    Terminal.write("licence: \(weights.licence); try: \(example(weights, output))\n")
  }

  private func weights() throws -> PublishedWeights {
    let name = name ?? ""
    if let weights = PublishedWeights.named(name) { return weights }
    let tagged = PublishedWeights.all.filter { $0.model == name }.map(\.name)
    guard tagged.isEmpty else {
      throw ValidationError(
        "there are several weights of '\(name)': \(shortened(tagged, to: 20)); name one")
    }
    let near = NearNames.of(name, among: PublishedWeights.all.map(\.name))
    throw ValidationError(
      "nothing is known under '\(name.printable())'.\(NearNames.question(near)) "
        + "convit fetch --list has all names")
  }

  private func fetch(_ file: PublishedFile, to path: String, named name: String) throws
    -> Fetch.Outcome
  {
    let fetch = try Fetch(file, from: from, to: path)
    var terminal = Terminal()
    defer { terminal.clear() }
    do {
      return try fetch.run(force: force) { bytes, total in
        if StopSignals.haveCome { throw CancellationError() }
        terminal.progress(progress(name, fetch.host, bytes, total))
      }
    } catch is CancellationError {
      terminal.clear()
      let part = "\(path).part"
      Terminal.error(
        FileManager.default.fileExists(atPath: part)
          ? "stopped; what has come is in \(part), the same command resumes there"
          : "stopped; nothing is kept")
      throw ExitCode(StopSignals.exitCode)
    }
  }

  private func progress(_ name: String, _ host: String, _ bytes: Int, _ total: Int?) -> String {
    guard let total, total > 0 else { return "\(name): \(megabytes(bytes)) from \(host)" }
    return "\(name): \(megabytes(total)) from \(host) … \(bytes * 100 / total) %"
  }

  private func verdict(_ outcome: Fetch.Outcome) -> String {
    switch outcome.verification {
    case .publishedDigits: "verified by its published digits"
    case .hub: "verified by the sha256 that the \(from == nil ? "hub" : "mirror") says"
    case .none where outcome.wasThere: "not verified (--force fetches it again)"
    case .none: "not verified: its sha256 is not published"
    }
  }

  private func example(_ weights: PublishedWeights, _ output: String) -> String {
    guard weights.accuracy != nil else { return "convit inspect \(output)" }
    let model = weights.configuration == nil ? " --model \(weights.model)" : ""
    return "convit evaluate --weights \(output)\(model) --data-path imagenet"
  }

  private func megabytes(_ bytes: Int) -> String { String(format: "%.1f MB", Double(bytes) / 1e6) }
}
