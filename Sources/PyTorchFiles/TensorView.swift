import Files
import Safetensors

/// Where the numbers of a tensor are in a file: a place, sizes and strides.
struct TensorView: Sendable {
  let type: ElementType
  let shape: [Int]
  private let strides: [Int]  // in elements
  private let start: Int  // the byte of the first element in the file
  private let isContiguous: Bool

  /// - Parameter place: the bytes of the storage.
  init(_ tensor: StoredTensor, in place: Range<Int>) {
    (type, shape, strides) = (tensor.type, tensor.shape, tensor.strides)
    start =
      place.lowerBound + tensor.storage.elements.lowerBound * tensor.storage.type.byteCount
      + tensor.offset * tensor.type.byteCount
    var (step, isContiguous) = (1, true)
    for (size, stride) in zip(tensor.shape, tensor.strides).reversed() where size != 1 {
      isContiguous = isContiguous && stride == step
      step *= size
    }
    self.isContiguous = isContiguous
  }

  /// Fills `buffer` with whole elements, row by row, from the byte `first` on.
  func read(
    _ file: RegularFile, from first: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(FileError) {
    if isContiguous { return try file.read(into: buffer, at: start + first) }
    guard let out = buffer.baseAddress, !buffer.isEmpty else { return }
    let size = type.byteCount
    var window = Window(file)
    var index = Self.index(of: first / size, in: shape)
    for element in 0..<buffer.count / size {
      let place = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
      try window.copy(size, at: start + place * size, to: out + element * size)
      for axis in index.indices.reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
  }

  /// The place along each axis of an element, counted row by row.
  private static func index(of element: Int, in shape: [Int]) -> [Int] {
    var rest = element
    return shape.reversed().map { size in
      defer { rest /= size }
      return rest % size
    }.reversed()
  }
}

/// Parts of a file that were read last, so that elements beside each other cost one reading: 64
/// lines of 4 KB for a view whose neighbours lie apart.
private struct Window {
  private static let lineSize = 4096
  private static let lines = 4096

  private let file: RegularFile
  private var numbers: [Int]  // of the line that is in each place, -1 for none
  private var bytes: [UInt8]

  init(_ file: RegularFile) {
    self.file = file
    numbers = Array(repeating: -1, count: Self.lines)
    bytes = Array(repeating: 0, count: Self.lines * Self.lineSize)
  }

  mutating func copy(
    _ count: Int, at position: Int, to out: UnsafeMutableRawPointer
  ) throws(FileError) {
    for byte in 0..<count {
      let (line, offset) = (position + byte).quotientAndRemainder(dividingBy: Self.lineSize)
      let place = line % Self.lines
      if numbers[place] != line { try fill(place, with: line) }
      out.storeBytes(of: bytes[place * Self.lineSize + offset], toByteOffset: byte, as: UInt8.self)
    }
  }

  private mutating func fill(_ place: Int, with line: Int) throws(FileError) {
    let start = line * Self.lineSize
    let read = try file.bytes(at: start, count: min(Self.lineSize, file.size - start))
    bytes.replaceSubrange(place * Self.lineSize..<place * Self.lineSize + read.count, with: read)
    numbers[place] = line
  }
}
