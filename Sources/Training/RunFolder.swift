import ConViT
import Foundation

/// The folder that a training run writes: its configuration, logs and weights.
///
/// While it lives, no other run can have the folder.
public struct RunFolder: Sendable {
  private let path: String
  private let isNew: Bool
  private let lock: FolderLock

  /// Makes the folder of a new run; what a run left that did not end its first epoch is replaced.
  ///
  /// - Throws: `TrainingError` if it cannot be made, or holds a run already.
  public init(creating path: String) throws {
    try Self.check(path)
    self.path = path
    isNew = !FileManager.default.fileExists(atPath: path)
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw TrainingError("\(path): cannot make the folder: \(String(cString: strerror(errno)))")
    }
    lock = try FolderLock(path)
    try Self.check(path)  // once more: another run may have ended in between
    try write(Data(), to: Self.marker, atomically: true)
    for name in ["log.jsonl", "steps.jsonl"] { try write(Data(), to: name, atomically: true) }
  }

  /// Throws what stands in the way of a new run, without making anything.
  public static func check(_ path: String) throws {
    let files = FileManager.default
    var place = URL(fileURLWithPath: path).standardizedFileURL
    while !files.fileExists(atPath: place.path) { place.deleteLastPathComponent() }
    var isFolder: ObjCBool = false
    guard files.fileExists(atPath: place.path, isDirectory: &isFolder), isFolder.boolValue else {
      throw TrainingError("\(path): cannot make the folder: \(place.path) is a file")
    }
    guard access(place.path, W_OK) == 0 else {
      throw TrainingError(
        "\(path): cannot write to \(place.path): \(String(cString: strerror(errno)))")
    }
    guard isUnused(path) else {
      throw TrainingError(
        "\(path): there is a run in this folder already, or a file of its names; choose another"
      )
    }
  }

  /// Removes what a run has written that ended no epoch.
  func removeUnlessUsed() {
    guard Self.isUnused(path) else { return }
    for name in Self.files + [Self.marker] { unlink("\(path)/\(name)") }
    if isNew { rmdir(path) }  // which it does only if it is empty
  }

  /// What is there from the start of a run to the end of its first epoch: the other files are then
  /// its own.
  private static let marker = ".unfinished"
  private static let files = ["config.yaml", "log.jsonl", "steps.jsonl"]

  /// Whether nothing is in the way of a new run: no file of its names, or those of a run that ended
  /// no epoch.
  private static func isUnused(_ path: String) -> Bool {
    func exists(_ name: String) -> Bool {
      FileManager.default.fileExists(atPath: "\(path)/\(name)")
    }
    if exists("model.safetensors") || exists("best.safetensors") { return false }
    return exists(marker) || !files.contains(where: exists)
  }

  /// Says that the run has ended an epoch, so that the folder is its own from here on.
  func keep() { unlink("\(path)/\(Self.marker)") }

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
  /// The epoch, from 0.
  public let epoch: Int
  /// The mean loss over the epoch's images, smoothing included, each before its step.
  public let trainLoss: Double
  /// The learning rate of the epoch's last step.
  public let trainLr: Double
  /// The mean cross-entropy over the validation images, without smoothing.
  public let testLoss: Double
  /// Validation images whose class is the first, in percent.
  public let testAcc1: Double
  /// Validation images whose class is among the first five, in percent.
  public let testAcc5: Double
  /// Different images, to train and to test on, that could not be read and were skipped.
  public let badImages: Int
  /// The numbers that are trained; `n_parameters` in the file.
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
    case badImages = "bad_images"
    case parameters = "n_parameters"
  }
}
