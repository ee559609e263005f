import Foundation
import Images
import Testing

/// A folder with photographs of three animals in `data`, for commands to run in; it is gone when
/// the test is over.
final class Workspace: Sendable {
  static let classes = ["ant", "bee", "cow"]
  /// A model of 9 patches that trains in no time.
  static let tiny = [
    "--input-size", "12", "--patch-size", "4", "--heads", "4", "--head-dim", "4", "--depth", "2",
    "--local-up-to-layer", "1", "--batch-size", "4", "--no-repeated-aug", "--epochs", "1",
    "--mixup", "0", "--cutmix", "0",
  ]

  let path: String

  init(_ path: String = NSTemporaryDirectory() + "convit-" + UUID().uuidString) throws {
    self.path = path
    for (split, count) in [("train", 8), ("val", 3)] {
      for (label, name) in Self.classes.enumerated() {
        for index in 0..<count { try writeImage("data/\(split)/\(name)/\(index).png", label) }
      }
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// 12 × 12 pixels of which a third is bright: the upper, middle or lower one.
  func writeImage(_ name: String, _ label: Int) throws {
    let noise = name.utf8.reduce(7) { ($0 &* 31 &+ Int($1)) & 0xffff }
    let pixels = (0..<144).map { UInt8($0 / 48 == label ? 200 + ($0 + noise) % 50 : noise % 90) }
    try makeFolder((name as NSString).deletingLastPathComponent)
    try writePNG(gray: pixels, width: 12, height: 12, to: file(name))
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
  }

  func write(_ name: String, _ data: some Sequence<UInt8>) throws {
    try makeFolder((name as NSString).deletingLastPathComponent)
    try Data(data).write(to: URL(fileURLWithPath: file(name)))
  }

  func read(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: file(name)))
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: file(name)) }

  /// Every file and folder, hidden ones as well.
  func listing() throws -> Set<String> {
    Set(try FileManager.default.subpathsOfDirectory(atPath: path))
  }

  func convit(_ arguments: [String], output: ConvitProcess.Output = .captured) throws -> Outcome {
    try ConvitProcess.run(arguments, in: path, output: output)
  }

  /// Flags without those that are given again: each may be there once.
  static func flags(_ flags: [String], replacedBy others: [String]) -> [String] {
    func name(_ flag: String) -> Substring {
      flag.replacingOccurrences(of: "_", with: "-").prefix { $0 != "=" }
    }
    let given = Set(others.filter { $0.hasPrefix("--") }.map(name))
    var kept: [String] = []
    var isKept = true
    for flag in flags {
      if flag.hasPrefix("--") { isKept = !given.contains(name(flag)) }
      if isKept { kept.append(flag) }
    }
    return kept + others
  }

  /// Trains the tiny model on `data`.
  @discardableResult
  func train(_ run: String, _ arguments: [String] = []) throws -> Outcome {
    let outcome = try convit(
      Self.flags(
        ["train", "--data-path", "data", "--output-dir", run] + Self.tiny, replacedBy: arguments))
    try #require(outcome.status == 0, "\(outcome.err)")
    return outcome
  }

  /// Expects that a command fails with one line on standard error that has all of `parts`, with
  /// nothing on standard output, and no file made or removed.
  ///
  /// - Parameter begun: whether it may have reported what it does before it failed.
  func expectFailure(
    _ arguments: [String], status: Int32 = 1, _ parts: [String], begun: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try listing()
    let outcome = try convit(arguments)
    let context: Comment = "convit \(arguments.joined(separator: " ")): \(outcome.err)"
    #expect(outcome.status == status, context, sourceLocation: sourceLocation)
    #expect(outcome.out.isEmpty, context, sourceLocation: sourceLocation)
    let errors = outcome.errLines.filter { $0.hasPrefix("convit: ") }
    #expect(
      errors.count == 1 && errors.first == outcome.errLines.last
        && (begun || outcome.errLines.count == 1) && outcome.err.hasSuffix("\n"),
      context, sourceLocation: sourceLocation)
    #expect(
      errors.first?.hasSuffix(" --help)") == (status == 2), context, sourceLocation: sourceLocation)
    for part in parts {
      #expect(
        errors.first?.contains(part) == true, "expected '\(part)' in \(context)",
        sourceLocation: sourceLocation)
    }
    #expect(try listing() == before, context, sourceLocation: sourceLocation)
  }

  /// The same for the training of a tiny model into `run`.
  func expectTrainFailure(
    _ arguments: [String], status: Int32 = 1, _ parts: [String], begun: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try expectFailure(
      Self.flags(
        ["train", "--data-path", "data", "--output-dir", "run"] + Self.tiny,
        replacedBy: arguments),
      status: status, parts, begun: begun, sourceLocation: sourceLocation)
  }
}

/// A workspace with a trained model, made once for the tests that only read.
enum TrainedModel {
  private static let path = NSTemporaryDirectory() + "convit-trained-\(getpid())"

  static let workspace = Result {
    let workspace = try Workspace(path)
    atexit { try? FileManager.default.removeItem(atPath: TrainedModel.path) }
    try workspace.train("run", ["--epochs", "12", "--lr", "3e-3", "--unscale-lr", "--no-augment"])
    return workspace
  }
}
