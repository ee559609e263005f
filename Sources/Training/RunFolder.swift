import ConViT
import Foundation

/// The folder that a training run writes: its configuration, logs and weights.
public struct RunFolder: Sendable {
  public let path: String

  /// Makes the folder of a new run.
  ///
  /// - Throws: `TrainingError` if it cannot be made, or holds a run already.
  public init(creating path: String) throws {
    self.path = path
    let files = FileManager.default
    if files.fileExists(atPath: path + "/log.jsonl")
      || files.fileExists(atPath: path + "/steps.jsonl")
    {
      throw TrainingError(
        "\(path): there is a run in this folder already; choose another, or remove it")
    }
    do {
      try files.createDirectory(atPath: path, withIntermediateDirectories: true)
      try Data().write(to: URL(fileURLWithPath: path + "/log.jsonl"))
      try Data().write(to: URL(fileURLWithPath: path + "/steps.jsonl"))
    } catch {
      throw TrainingError(
        "\(path): cannot make the folder of the run: \(error.localizedDescription)")
    }
  }

  /// The weights after the last epoch.
  public var model: String { path + "/model.safetensors" }
  /// The weights after the epoch of the highest accuracy.
  public var best: String { path + "/best.safetensors" }

  /// Writes the effective configuration.
  func write(_ configuration: TrainingConfiguration) throws {
    try write(Data(try configuration.yaml().utf8), to: "config.yaml", atomically: true)
  }

  /// Appends a line to `steps.jsonl`.
  func append(_ step: StepRecord) throws { try append(step, to: "steps.jsonl") }

  /// Appends a line to `log.jsonl`.
  func append(_ epoch: EpochRecord) throws { try append(epoch, to: "log.jsonl") }

  private func append(_ record: some Encodable, to name: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try write(try encoder.encode(record) + Data("\n".utf8), to: name, atomically: false)
  }

  private func write(_ data: Data, to name: String, atomically: Bool) throws {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    do {
      guard !atomically else { return try data.write(to: url, options: .atomic) }
      let handle = try FileHandle(forWritingTo: url)
      defer { try? handle.close() }
      try handle.seekToEnd()
      try handle.write(contentsOf: data)
    } catch {
      throw TrainingError("\(url.path): cannot write: \(error.localizedDescription)")
    }
  }
}

/// A line of `steps.jsonl`.
public struct StepRecord: Sendable, Codable, Hashable {
  /// The epoch, from 0.
  public let epoch: Int
  /// The step since the start of the run, from 0.
  public let step: Int
  /// The loss of the batch, smoothing included, before the step.
  public let loss: Double
  /// The learning rate of the step.
  public let lr: Double
}

/// A line of `log.jsonl`: the keys of the reference's log.
public struct EpochRecord: Sendable, Codable, Hashable {
  public let epoch: Int
  public let trainLoss: Double
  public let trainLr: Double
  public let testLoss: Double
  public let testAcc1: Double
  public let testAcc5: Double
  public let parameters: Int
  /// Seconds of training, without the evaluation.
  public let seconds: Double

  enum CodingKeys: String, CodingKey {
    case epoch, seconds
    case trainLoss = "train_loss"
    case trainLr = "train_lr"
    case testLoss = "test_loss"
    case testAcc1 = "test_acc1"
    case testAcc5 = "test_acc5"
    case parameters = "n_parameters"
  }
}
