import Autodiff
import Safetensors

/// Masks in files: as `mask.<parameter>`, a bit for each weight, 1 where it is kept; weight i is
/// bit i mod 8 of byte ⌊i / 8⌋, counted from the lowest, and bits beyond the last weight are 0.
extension ParameterMasks {
  /// The masks as tensors of a file.
  public var outputTensors: [OutputTensor] {
    zip(tree.names, values).compactMap { name, mask in
      mask.map { mask in
        let bits = mask.bits
        return OutputTensor(
          name: WeightsFile.maskPrefix + name, type: .u8, shape: [bits.count], bytes: bits)
      }
    }
  }

  /// The masks in a file of weights of a model; nil if there are none. What the file has in another
  /// shape than the model, such as a head for other classes, is kept whole.
  ///
  /// - Throws: `WeightsError` if a mask has not a bit for each weight, `TensorFileError` if it
  ///   cannot be read.
  package init?(in file: WeightsFile, of tree: ParameterTree) throws {
    self.init(tree)
    for (slot, name) in tree.names.enumerated() {
      let shape = tree.parameters[slot].shape
      guard let info = file.maskInfo(name), file.info(name)?.shape == shape.sizes else { continue }
      let (count, size) = (shape.elementCount, (shape.elementCount + 7) / 8)
      guard info.type == .u8, info.shape == [size] else {
        throw file.error(
          "\(info.name): expected U8 [\(size)], a bit for each of \(count) weights, found "
            + "\(info.type.rawValue) \(info.shape)")
      }
      let bits = try file.maskBytes(name)
      guard count % 8 == 0 || bits[size - 1] >> (count % 8) == 0 else {
        throw file.error("\(info.name): bits beyond the last of \(count) weights must be 0")
      }
      // Types are spelled out: the compiler needs eight seconds to infer them.
      let kept: [Float] = (0..<count).map { place in
        let bit: UInt8 = bits[place / 8] >> (place % 8) & 1
        return Float(bit)
      }
      self[slot: slot] = Tensor(shape, kept)
    }
    if values.allSatisfy({ $0 == nil }) { return nil }
  }
}

extension WeightsFile {
  /// What stands before the name of a parameter in that of its mask.
  package static let maskPrefix = "mask."

  /// What the header says about the mask of a parameter; nil if there is none.
  fileprivate func maskInfo(_ name: String) -> TensorInfo? { file.info(Self.maskPrefix + name) }

  fileprivate func maskBytes(_ name: String) throws -> [UInt8] {
    try file.bytes(Self.maskPrefix + name)
  }

  /// Whether a tensor is the mask of a parameter.
  func isMask(_ tensor: TensorInfo, of tree: ParameterTree) -> Bool {
    tensor.name.hasPrefix(Self.maskPrefix)
      && tree.slot(named: String(tensor.name.dropFirst(Self.maskPrefix.count))) != nil
  }
}

extension TensorInfo {
  /// Whether a tensor of a file of weights has the bits of a mask, and no numbers.
  package var isMask: Bool { name.hasPrefix(WeightsFile.maskPrefix) && type == .u8 }
}

extension Tensor {
  fileprivate var bits: [UInt8] {
    withUnsafeBufferPointer { mask in
      var bytes = Array(repeating: UInt8(0), count: (mask.count + 7) / 8)
      for place in mask.indices where mask[place] != 0 { bytes[place / 8] |= 1 << (place % 8) }
      return bytes
    }
  }
}
