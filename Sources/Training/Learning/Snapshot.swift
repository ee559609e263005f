import Autodiff
import Safetensors

/// Everything that a computation needs to resume to the same bits: tensors, numbers with all their
/// bits, and texts, each under a name; in memory, or in a file.
///
/// Whatever has state puts its part in and takes it out again, and knows nothing of the others.
///
/// ```swift
/// var snapshot = Snapshot()
/// learner.save(to: &snapshot)
/// snapshot.put(epoch, as: "epoch")
/// try snapshot.write(to: "moment.safetensors")
/// ```
public struct Snapshot: Sendable {
  fileprivate enum Entry: Sendable {
    case tensor(Tensor)
    case integers([Int], isNumber: Bool)
    case double(Double)
  }
  private var names: [String] = []
  private var entries: [String: Entry] = [:]
  /// Texts by their names: the metadata of the file.
  public var texts: [String: String] = [:]
  /// What was not put in is read from here.
  private var file: SafetensorsFile?

  /// A snapshot of nothing.
  public init() {}

  /// The snapshot in a file; its tensors are read when they are asked for.
  ///
  /// - Throws: `TensorFileError` for a file that is damaged or truncated anywhere.
  public init(contentsOf path: String) throws { self.init(try SafetensorsFile(contentsOf: path)) }

  package init(_ file: SafetensorsFile) {
    self.file = file
    texts = file.metadata
  }

  /// Where it was read from, for messages.
  var path: String { file?.path ?? "the snapshot" }

  // MARK: - Putting in

  private mutating func put(_ entry: Entry, as name: String) {
    if entries.updateValue(entry, forKey: name) == nil { names.append(name) }
  }

  /// Puts a tensor in.
  public mutating func put(_ tensor: Tensor, as name: String) { put(.tensor(tensor), as: name) }

  /// Puts a number in.
  public mutating func put(_ number: Int, as name: String) {
    put(.integers([number], isNumber: true), as: name)
  }

  /// Puts a list of numbers in.
  public mutating func put(_ numbers: [Int], as name: String) {
    put(.integers(numbers, isNumber: false), as: name)
  }

  /// Puts a number in, with all its bits.
  public mutating func put(_ number: Double, as name: String) { put(.double(number), as: name) }

  /// Puts a tensor for each parameter in, `name.<parameter>`.
  public mutating func put(_ store: ParameterStore, as name: String) {
    for (parameter, value) in zip(store.tree.names, store.values) {
      put(value, as: "\(name).\(parameter)")
    }
  }

  // MARK: - Taking out

  /// Whether there is a tensor or number of this name.
  public func has(_ name: String) -> Bool { entries[name] != nil || file?.info(name) != nil }

  package func shape(_ name: String) -> [Int]? {
    if case .tensor(let tensor) = entries[name] { return tensor.shape.sizes }
    return file?.info(name)?.shape
  }

  /// A tensor of a shape.
  ///
  /// - Throws: `TrainingError` if it is not there, or has another shape or type.
  public func tensor(_ name: String, _ shape: Shape) throws -> Tensor {
    if case .tensor(let tensor) = entries[name], tensor.shape == shape { return tensor }
    guard let file, let info = file.info(name), info.shape == shape.sizes, info.type == .f32 else {
      throw TrainingError("\(path): no tensor '\(name)' of \(shape)")
    }
    var value = Tensor(unsafeUninitialized: shape)
    try value.withUnsafeMutableBufferPointer { try file.read(name, into: $0) }
    return value
  }

  /// A tensor for each parameter, `name.<parameter>`.
  ///
  /// - Throws: `TrainingError` if one is missing or of another shape.
  public func store(_ name: String, _ tree: ParameterTree) throws -> ParameterStore {
    ParameterStore(
      tree,
      try zip(tree.names, tree.parameters).map { try tensor("\(name).\($0)", $1.shape) })
  }

  /// A count, small enough to be multiplied by another.
  public func integer(_ name: String) throws -> Int {
    let values = try integers(name)
    guard values.count == 1 else { throw notOne(name) }
    guard (0..<1 << 31).contains(values[0]) else {
      throw TrainingError("\(path): tensor '\(name)': \(values[0]) is not a count")
    }
    return values[0]
  }

  /// A list of whole numbers.
  public func integers(_ name: String) throws -> [Int] {
    if case .integers(let numbers, _) = entries[name] { return numbers }
    guard let file else { throw TrainingError("\(path): no numbers '\(name)'") }
    return try file.integers(name)
  }

  /// A number of 64 bits.
  public func double(_ name: String) throws -> Double {
    if case .double(let number) = entries[name] { return number }
    guard let file, let info = file.info(name), info.type == .f64, info.count == 1 else {
      throw notOne(name)
    }
    let bits = try file.bytes(name).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return Double(bitPattern: bits)
  }

  private func notOne(_ name: String) -> TrainingError {
    TrainingError("\(path): tensor '\(name)': expected one number of 64 bits")
  }

  /// Writes what was put in to `path`, replacing a file there when all is on the disk.
  ///
  /// - Throws: `TensorFileError` if it cannot be written.
  public func write(to path: String) throws {
    let tensors = names.compactMap { name in entries[name].map { $0.output(as: name) } }
    try SafetensorsWriter.write(tensors, metadata: texts, to: path)
  }
}

extension Snapshot.Entry {
  fileprivate func output(as name: String) -> OutputTensor {
    switch self {
    case .tensor(let tensor):
      return OutputTensor(name: name, shape: tensor.shape.sizes) {
        try tensor.withUnsafeBufferPointer($0)
      }
    case .integers(let numbers, let isNumber):
      return OutputTensor(name: name, shape: isNumber ? [] : [numbers.count], integers: numbers)
    case .double(let number):
      let bits = number.bitPattern.littleEndian
      return OutputTensor(
        name: name, type: .f64, shape: [], bytes: withUnsafeBytes(of: bits) { [UInt8]($0) })
    }
  }
}

extension Snapshot {
  /// The masks of pruned weights that a learner has saved; nil if none are pruned.
  ///
  /// - Throws: `TrainingError` if one does not consist of zeros and ones.
  package func masks(of tree: ParameterTree) throws -> ParameterMasks? {
    var masks = ParameterMasks(tree)
    for (slot, name) in tree.names.enumerated() where has("mask.\(name)") {
      let mask = try tensor("mask.\(name)", tree.parameters[slot].shape)
      guard ParameterMasks.isMask(mask) else {
        throw TrainingError("\(path): 'mask.\(name)' does not consist of zeros and ones")
      }
      masks[slot: slot] = mask
    }
    return masks.values.contains { $0 != nil } ? masks : nil
  }
}
