import Files
import Safetensors

/// A PyTorch checkpoint (`.pth`, `.pt`, `.bin`, `.ckpt`, …), in the zip form or the one before
/// version 1.6: the tensors of one state dict in it, read when they are asked for.
///
/// ```swift
/// let file = try PyTorchFile(contentsOf: "checkpoint.pth")
/// print(file.otherKeys, file.skipped)  // ["model_ema"] [args (argparse.Namespace)]
/// let weight = try file.floats("head.weight")
/// ```
///
/// The pickle in it is interpreted and not executed: tensors in plain containers are read, and any
/// other class or function is known by its name alone. No second copy of the numbers is in memory.
/// Any thread may read from it.
///
/// PyTorch equivalent: `torch.load(path, map_location="cpu", weights_only=True, mmap=True)`.
public struct PyTorchFile: TensorFile {
  /// Something beside the tensors that was not read.
  public struct Skipped: Hashable, Sendable, CustomStringConvertible {
    /// The keys that lead to it, with dots between.
    public let key: String
    /// What it is: a class as "argparse.Namespace", or "a dictionary of 3".
    public let kind: String
    /// "args (argparse.Namespace)"
    public var description: String { "\(key.printable(limit: 60)) (\(kind.printable(limit: 80)))" }
  }

  /// Where the file is.
  public var path: String { file.path }
  /// Nothing: a checkpoint has no free text that is known.
  public var metadata: [String: String] { [:] }
  /// Which state dict was taken, and what lies beside it.
  public var notes: [String] {
    let others = otherKeys.map { "'\($0.printable(limit: 60))'" }
    let choice = key.map { key in
      "takes '\(key.printable(limit: 60))'"
        + (others.isEmpty ? "" : "; also there: \(shortened(others, to: 5)) (convit convert --key)")
    }
    let beside = skipped.map(\.description)
    let rest =
      beside.isEmpty ? nil : "beside the tensors, and not read: \(shortened(beside, to: 6))"
    return [choice, rest].compactMap(\.self)
  }
  /// The tensors, in the order of the state dict.
  public let tensors: [TensorInfo]
  /// The keys that lead to the state dict, with dots between; nil if it is all that the file holds.
  public let key: String?
  /// Other state dicts that are there, which `key` chooses.
  public let otherKeys: [String]
  /// What lies beside the tensors, and beside the state dict.
  public let skipped: [Skipped]
  private let file: RegularFile
  private let views: [StridedView]  // as the tensors
  private let indices: [String: Int]

  /// Opens a checkpoint and reads its pickle.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - key: which state dict, as "model_ema" or "state.teacher"; by default the file's whole
  ///     content, or the first of `model`, `state_dict`, `model_ema`, `state_dict_ema`, `teacher`
  ///     and `student`, or the only one that is there.
  /// - Throws: `TensorFileError` for a file that is damaged, or no checkpoint of plain tensors, or
  ///   where the key leads to none.
  public init(contentsOf path: String, key: String? = nil) throws {
    try WeightsPath.requireNoAddress(path)
    let file: RegularFile
    let layout: TorchLayout
    do {
      file = try RegularFile(reading: path, expected: "a PyTorch checkpoint")
      layout = try TorchLayout(of: file)
    } catch let error as FileError {
      throw TensorFileError(error)
    }
    let state: StateDict
    do {
      state = try StateDict(in: layout.pickle, key: key)
    } catch let fault as PickleFault {
      throw TensorFileError(path: path, reason: fault.reason)
    }
    var (tensors, views, byteCount): ([TensorInfo], [StridedView], Int) = ([], [], 0)
    for (name, tensor) in state.tensors {
      func refuse(_ reason: String) -> TensorFileError {
        TensorFileError(path: path, tensor: name, reason: reason)
      }
      if let fault = tensor.fault { throw refuse(fault) }
      guard let info = TensorInfo(name: name, type: tensor.type, shape: tensor.shape) else {
        throw refuse("\(tensor.shape) has more bytes than can be counted")
      }
      let (total, isHuge) = byteCount.addingReportingOverflow(info.byteCount)
      guard !isHuge, total <= Self.maxBytes(of: file) else {
        throw refuse("\(tensor.shape) is a view that repeats the numbers of the file too often")
      }
      byteCount = total
      guard let place = layout.place(of: tensor.storage) else {
        throw refuse(
          "its storage '\(tensor.storage.key.printable(limit: 60))' is not in the file, or shorter "
            + "than \(tensor.storage.count) elements")
      }
      tensors.append(info)
      views.append(StridedView(tensor, in: place))
    }
    (self.file, self.tensors, self.views) = (file, tensors, views)
    indices = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    (self.key, otherKeys, skipped) = (state.key, state.otherKeys, state.skipped)
  }

  /// Bytes that all tensors may have together. Views of the same numbers, and such as repeat them,
  /// may have more than the file, but a small file shall not fill a disk when it is converted.
  private static func maxBytes(of file: RegularFile) -> Int { (1 << 26) + 16 * file.size }

  /// Whether a file is a checkpoint, by its content and not its name.
  public static func recognizes(_ path: String) -> Bool {
    guard let file = try? RegularFile(reading: path) else { return false }
    return TorchLayout.zipDirectory(of: file) != nil || TorchLayout.isLegacy(file)
  }

  /// What the file says about a tensor; nil if there is none of this name.
  public func info(_ name: String) -> TensorInfo? { indices[name].map { tensors[$0] } }

  /// Fills `buffer` with the bytes of a tensor, row by row, from its byte `start` on.
  ///
  /// - Throws: `TensorFileError` if the file cannot be read, or the tensor has no such bytes.
  public func read(
    _ info: TensorInfo, from start: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    guard let index = indices[info.name], tensors[index] == info,
      start >= 0, start <= info.byteCount, buffer.count <= info.byteCount - start
    else {
      throw TensorFileError(
        path: path, tensor: info.name, reason: "asked for bytes that the tensor does not have")
    }
    do {
      try views[index].read(file, from: start, into: buffer)
    } catch {
      throw TensorFileError(error, tensor: info.name)
    }
  }
}
