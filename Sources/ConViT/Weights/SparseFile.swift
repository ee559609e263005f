import Files
import Foundation
import Safetensors

/// A safetensors file of which some tensors are stored without what is pruned, read as if they were
/// whole: `kept.<name>` has the numbers where the bits of `mask.<name>` are 1, in their order, and
/// the metadata entry `sparse` the shapes.
package struct SparseFile: TensorFile {
  package let tensors: [TensorInfo]
  /// How many tensors are stored in part.
  package var partCount: Int { whole.count }
  private let file: any TensorFile
  private let whole: [String: TensorInfo]  // of what is stored in part

  /// What stands before the name of a tensor in that of its kept numbers.
  static let prefix = "kept."
  static let key = "sparse"

  /// The file itself if nothing of it is stored in part.
  ///
  /// - Throws: `WeightsError` if shapes, masks and kept numbers do not go together.
  static func expanding(_ file: any TensorFile) throws -> any TensorFile {
    guard let text = file.metadata[key] else { return file }
    guard let shapes = try? JSONDecoder().decode([String: [Int]].self, from: Data(text.utf8)) else {
      throw WeightsError(
        path: file.path, reason: "the metadata entry '\(key)' is not as expected")
    }
    return try SparseFile(file, shapes)
  }

  private init(_ file: any TensorFile, _ shapes: [String: [Int]]) throws {
    var whole: [String: TensorInfo] = [:]
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
      func fault(_ reason: String) -> WeightsError {
        WeightsError(path: file.path, reason: "tensor '\(name.printable())': \(reason)")
      }
      guard let info = TensorInfo(name: name, type: .f32, shape: shape), info.count < 1 << 40 else {
        throw fault("a shape of \(shape)")
      }
      guard file.info(name) == nil else { throw fault("is stored twice, whole and in part") }
      let mask = WeightsFile.maskPrefix + name
      guard let bits = file.info(mask), bits.type == .u8, bits.shape == [(info.count + 7) / 8],
        let kept = file.info(Self.prefix + name), kept.type == .f32, kept.shape.count == 1
      else { throw fault("its mask or what is kept of it is missing, or not of its shape") }
      let count = try file.bytes(mask).reduce(0) { $0 + $1.nonzeroBitCount }
      guard count == kept.shape[0] else {
        throw fault("\(kept.shape[0]) numbers are kept, and its mask has \(count)")
      }
      whole[name] = info
    }
    tensors = file.tensors.map { tensor in
      guard tensor.name.hasPrefix(Self.prefix) else { return tensor }
      return whole[String(tensor.name.dropFirst(Self.prefix.count))] ?? tensor
    }
    (self.file, self.whole) = (file, whole)
  }

  package var path: String { file.path }
  package var metadata: [String: String] { file.metadata.filter { $0.key != Self.key } }
  package var notes: [String] { file.notes }

  package func info(_ name: String) -> TensorInfo? { whole[name] ?? file.info(name) }

  package func read(
    _ info: TensorInfo, from start: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    guard whole[info.name] == info else { return try file.read(info, from: start, into: buffer) }
    let bits = try file.bytes(WeightsFile.maskPrefix + info.name)
    let kept = try file.floats(Self.prefix + info.name)
    var numbers = Array(repeating: Float(0), count: info.count)
    var next = 0
    for place in numbers.indices where bits[place / 8] >> (place % 8) & 1 == 1 {
      numbers[place] = kept[next]
      next += 1
    }
    numbers.withUnsafeBytes { bytes in
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + buffer.count]))
    }
  }
}

extension SavedModel {
  /// Writes the weights without what is pruned, for this package alone to read: a file of the share
  /// that is kept, and a bit for each weight. Weights that are pruned are taken to be 0.
  ///
  /// - Throws: as ``write(to:)``.
  public func writeSparse(to path: String) throws {
    guard let masks else { return try write(to: path) }
    var shapes: [String: [Int]] = [:]
    let tensors = weights.outputTensors.enumerated().map { slot, tensor in
      guard let mask = masks.values[slot] else { return tensor }
      shapes[tensor.name] = tensor.shape
      let kept = zip(weights.values[slot].elements, mask.elements).filter { $0.1 != 0 }.map(\.0)
      return OutputTensor(name: SparseFile.prefix + tensor.name, shape: [kept.count], data: kept)
    }
    try write(tensors, metadata: [SparseFile.key: JSON.text(shapes)], to: path)
  }
}
