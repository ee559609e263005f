import Files

/// Where the bytes of a tensor lie in a file: items of bytes that follow each other, repeated along
/// axes with a step in the file each.
struct StridedView {
  private struct Axis {
    var count: Int
    let fileStep: Int  // bytes
    let outputStep: Int  // bytes, of the tensor row by row
  }

  private static let windowSize = 1 << 16
  /// Items as long as this, or as far apart, are read one by one, in bytes.
  private static let separate = 1 << 12

  private let start: Int
  private let end: Int
  /// Bytes that follow each other in the file as in the tensor.
  private let itemSize: Int
  private let axes: [Axis]  // outermost first; none of a single item

  /// - Parameters:
  ///   - tensor: a view that is within its storage, by `StoredTensor.fault`.
  ///   - storage: where the bytes of that storage are.
  init(_ tensor: StoredTensor, in storage: Range<Int>) {
    let size = tensor.type.byteCount
    // Of no elements, offset and strides may be anything.
    guard !tensor.shape.contains(0) else {
      (start, end, itemSize, axes) = (storage.lowerBound, storage.upperBound, size, [])
      return
    }
    start =
      storage.lowerBound + tensor.storage.elements.lowerBound * tensor.storage.type.byteCount
      + tensor.offset * size
    end = storage.upperBound
    var (axes, outputStep): ([Axis], Int) = ([], size)  // innermost first
    for (count, stride) in zip(tensor.shape, tensor.strides).reversed() where count != 1 {
      let fileStep = stride * size
      if let inner = axes.last, inner.fileStep * inner.count == fileStep {
        axes[axes.count - 1].count *= count
      } else {
        axes.append(Axis(count: count, fileStep: fileStep, outputStep: outputStep))
      }
      outputStep *= count
    }
    let isDense = axes.first?.fileStep == size
    itemSize = isDense ? axes.removeFirst().count * size : size
    self.axes = axes.reversed()
  }

  /// Fills `buffer` with the bytes from `first` on; those are there.
  func read(
    _ file: RegularFile, from first: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(FileError) {
    guard !buffer.isEmpty else { return }
    var (axes, origin, outputOrigin) = (axes, start, -first)
    // Only the part of the outer axes that is asked for.
    while let axis = axes.first {
      let lower = -outputOrigin / axis.outputStep
      let upper = (buffer.count - outputOrigin + axis.outputStep - 1) / axis.outputStep
      origin += lower * axis.fileStep
      outputOrigin += lower * axis.outputStep
      axes[0].count = upper - lower
      guard upper - lower == 1 else { break }
      axes.removeFirst()
    }
    axes.sort { $0.fileStep > $1.fileStep }  // as they lie in the file
    var window = Window(
      file, end: end,
      size: axes.last.map { max($0.fileStep, itemSize) < Self.separate } ?? false
        ? Self.windowSize : 0)
    var indices = Array(repeating: 0, count: axes.count)
    var (place, output) = (origin, outputOrigin)
    while true {
      let lower = max(0, output)
      let upper = min(buffer.count, output + itemSize)
      if lower < upper {
        try window.copy(
          at: place + lower - output,
          to: UnsafeMutableRawBufferPointer(rebasing: buffer[lower..<upper]))
      }
      var axis = axes.count - 1
      while axis >= 0 {
        indices[axis] += 1
        place += axes[axis].fileStep
        output += axes[axis].outputStep
        guard indices[axis] == axes[axis].count else { break }
        place -= axes[axis].fileStep * indices[axis]
        output -= axes[axis].outputStep * indices[axis]
        indices[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}

/// A part of a file in memory that moves to where bytes are asked for.
private struct Window {
  private let file: RegularFile
  private let end: Int
  private let size: Int
  private var start = 0
  private var bytes: [UInt8] = []

  /// - Parameter size: the most that is kept; with 0 all is read straight to where it is wanted.
  init(_ file: RegularFile, end: Int, size: Int) {
    (self.file, self.end, self.size) = (file, end, size)
  }

  mutating func copy(at place: Int, to output: UnsafeMutableRawBufferPointer) throws(FileError) {
    guard size > 0 else { return try file.read(into: output, at: place) }
    if place < start || place + output.count > start + bytes.count {
      bytes = try file.bytes(at: place, count: min(size, end - place))
      start = place
    }
    bytes.withUnsafeBytes { source in
      output.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: source[(place - start)...].prefix(output.count)))
    }
  }
}
