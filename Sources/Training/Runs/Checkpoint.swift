import Autodiff
import ConViT
import Files
import Foundation
import Safetensors

/// A moment of a run, in a file from which the run goes on to the same bits as if nothing had
/// happened.
///
/// The tensors are named as the entries of the reference's checkpoints: `model.<weight>`,
/// `optimizer.<moment>.<weight>`, `optimizer.step`, `epoch`, `step`, `loss_sum`, …, each number
/// with all its bits; the metadata hold the configuration, the fingerprint of the images and
/// versions.
///
/// ```swift
/// let checkpoint = try Checkpoint(contentsOf: "runs/first/checkpoint.safetensors")
/// print(checkpoint.progress.epoch, checkpoint.configuration.lr)
/// ```
public struct Checkpoint: Sendable {
  /// The version of the format that this package writes; later ones are refused.
  public static let formatVersion = 1
  private static let format = "convit checkpoint"

  /// The file.
  public let path: String
  /// The settings of the run, without those of the machine.
  public let configuration: TrainingConfiguration
  /// The images of the run.
  public let data: DataFingerprint
  /// How far the run has come.
  public let progress: RunProgress
  /// The version of the package that wrote the file.
  public let libraryVersion: String
  let file: SafetensorsFile

  /// Opens a checkpoint: everything but the weights and what the optimiser remembers is read.
  ///
  /// - Throws: `SafetensorsError` for a file that is damaged or truncated anywhere, `TrainingError`
  ///   for one that is no checkpoint, or of a later format.
  public init(contentsOf path: String) throws {
    let file = try SafetensorsFile(contentsOf: path)
    func fault(_ reason: String) -> TrainingError { TrainingError("\(path): \(reason)") }
    guard Self.isCheckpoint(file), let version = file.metadata["format_version"]
    else { throw fault("not a checkpoint of a run; start from weights with --finetune") }
    guard let number = Int(version), (1...Self.formatVersion).contains(number) else {
      throw fault("format version \(version), this package reads up to \(Self.formatVersion)")
    }
    do {
      data = try JSONDecoder().decode(
        DataFingerprint.self, from: Data((file.metadata["data"] ?? "").utf8))
    } catch {
      throw fault("the metadata entry 'data' is not as expected")
    }
    configuration = try TrainingConfiguration(
      yaml: file.metadata["configuration"] ?? "", of: "\(path): configuration")
    var progress = RunProgress()
    for (name, value) in RunProgress.integers { progress[keyPath: value] = try file.integer(name) }
    for (name, value) in RunProgress.doubles { progress[keyPath: value] = try file.double(name) }
    self.progress = progress
    libraryVersion = file.metadata["library_version"] ?? "?"
    self.file = file
    self.path = path
  }

  /// Whether a file says that it is a checkpoint.
  static func isCheckpoint(_ file: SafetensorsFile) -> Bool { file.metadata["format"] == format }

  /// The folder of the run.
  public var folder: String { Files.folder(of: path) }

  /// The step of a run with the weights and the optimiser of this moment.
  ///
  /// - Throws: `TrainingError` if the file has not the tensors of `step`, or has numbers that are
  ///   not finite.
  func restore(_ step: inout TrainingStep, allowsNonFinite: Bool) throws {
    var broken: [String] = []
    var stores = step.stores
    for index in stores.indices {
      let prefix = stores[index].name + "."
      let found = try store(stores[index].store.tree, prefix: prefix)
      broken += found.nonFiniteNames.map { prefix + $0 }
      stores[index].store.replaceValues(by: found.values)
    }
    guard broken.isEmpty || allowsNonFinite else {
      throw TrainingError(
        "\(path): not all numbers are finite in \(shortened(broken, to: 8)); "
          + "--allow-nonfinite goes on all the same")
    }
    step.restore(stores, steps: try file.integer("optimizer.step"))
  }

  /// A tensor for each parameter, from those of the file whose names begin with `prefix`.
  ///
  /// - Throws: `TrainingError` if one is missing or of another shape.
  func store(_ tree: ParameterTree, prefix: String) throws -> ParameterStore {
    let values = try zip(tree.names, tree.parameters).map { name, parameter in
      guard let info = file.info(prefix + name), info.shape == parameter.shape.sizes,
        info.type == .f32
      else {
        throw TrainingError("\(path): no tensor '\(prefix + name)' of \(parameter.shape)")
      }
      var value = Tensor(unsafeUninitialized: parameter.shape)
      try value.withUnsafeMutableBufferPointer { try file.read(prefix + name, into: $0) }
      return value
    }
    return ParameterStore(tree, values)
  }

  /// Writes the moment of a run to `path`, replacing a file there when all is on the disk.
  static func write(
    _ step: TrainingStep, _ progress: RunProgress, configuration: TrainingConfiguration,
    data: DataFingerprint, to path: String
  ) throws {
    var tensors: [OutputTensor] = []
    for (name, value) in RunProgress.integers {
      tensors.append(OutputTensor(name: name, shape: [], integers: [progress[keyPath: value]]))
    }
    for (name, value) in RunProgress.doubles {
      tensors.append(OutputTensor(name: name, double: progress[keyPath: value]))
    }
    tensors.append(
      OutputTensor(name: "optimizer.step", shape: [], integers: [step.optimizer.steps]))
    for (prefix, store) in step.stores {
      for (name, value) in zip(store.tree.names, store.values) {
        tensors.append(
          OutputTensor(name: "\(prefix).\(name)", shape: value.shape.sizes) {
            try value.withUnsafeBufferPointer($0)
          })
      }
    }
    let metadata = [
      "format": format, "format_version": "\(formatVersion)",
      "library_version": PackageVersion.current,
      "configuration": try configuration.withoutMachine.yaml(),
      "data": try JSON.text(data),
    ]
    try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
  }
}

extension OutputTensor {
  /// A single number of 64 bits.
  fileprivate init(name: String, double: Double) {
    let bits = double.bitPattern.littleEndian
    self.init(name: name, type: .f64, shape: [], bytes: withUnsafeBytes(of: bits) { [UInt8]($0) })
  }
}

extension SafetensorsFile {
  /// A tensor that is one count, small enough to be multiplied by another.
  fileprivate func integer(_ name: String) throws -> Int {
    let values = try integers(name)
    guard values.count == 1 else { throw notOne(name) }
    guard (0..<1 << 31).contains(values[0]) else {
      throw SafetensorsError(path: path, tensor: name, reason: "\(values[0]) is not a count")
    }
    return values[0]
  }

  /// A tensor that is one number of 64 bits.
  fileprivate func double(_ name: String) throws -> Double {
    guard let info = info(name), info.type == .f64, info.count == 1 else { throw notOne(name) }
    let bits = try bytes(name).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Double(bitPattern: bits)
  }

  private func notOne(_ name: String) -> SafetensorsError {
    SafetensorsError(path: path, tensor: name, reason: "expected one number of 64 bits")
  }
}
