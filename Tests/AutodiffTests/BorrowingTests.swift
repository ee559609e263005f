import Autodiff
import Foundation
import Synchronization
import Testing

/// Tensors whose elements are someone else's: read where they lie, never written, and let go of.
@Suite struct BorrowingTests {
  private let floats: [Float] = (0..<24).map { Float($0) * 0.5 - 3 }

  @Test func nothingIsCopied() {
    let place = floats.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
    Tensor.borrowing(floats.span, [2, 12]) { x in
      #expect(x == Tensor([2, 12], floats))
      for x in [x, x.reshaped([24])] {
        #expect(x.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) } == place)
      }
    }
    #expect(Tensor.borrowing([Float]().span, [0, 3]) { $0.elements } == [])
  }

  /// Writing goes to a copy, which may stay.
  @Test func elementsAreNeverWritten() {
    let before = floats
    let changed = Tensor.borrowing(floats.span, [24]) { x in
      var y = x
      y.withUnsafeMutableBufferPointer { $0[3] = 100 }
      return y
    }
    #expect(floats == before && changed[3] == 100 && changed[4] == floats[4])
    // A sum that begins with a borrowed derivative is added to in memory of its own.
    let tape = Tape()
    let x = tape.variable(Tensor(repeating: 1, [24]))
    var none = Gradients(ParameterTree(Nothing()))
    let derivative = Tensor.borrowing(floats.span, [24]) { lent in
      let y = tape.operation(lent, of: [x], saving: lent) { lent, _, inputs in
        inputs.add(lent, to: 0)
        inputs.add(lent, to: 0)
      }
      return tape.accumulateGradients(of: y.sum(), into: &none, at: [x])[0]
    }
    #expect(floats == before && derivative.elements == before.map { 2 * $0 })
  }

  private struct Nothing: Module {}

  /// The elements end where the process may not read on, and begin at an odd address for vectors:
  /// no operator reads more than there is, and all give the bits that they give of a copy.
  @Test(arguments: [1, 3, 16, 29, 64]) func operatorsReadNoMoreThanThereIs(width: Int) throws {
    let shape: Shape = [2, 5, width]
    let memory = try GuardedFloats(shape.elementCount)
    let x = memory.tensor(shape) { sin(Float($0)) }
    let copy = Tensor(shape, x.elements)
    let other = try GuardedFloats(width * width)
    let weight = other.tensor([width, width]) { cos(Float($0)) }
    let row = try GuardedFloats(width).tensor([width]) { 1 + Float($0) }
    func outputs(_ x: Tensor, _ weight: Tensor, _ row: Tensor) -> [Tensor] {
      let tape = Tape()
      let (x, w, b) = (tape.variable(x), tape.variable(weight), tape.variable(row))
      let heads = Heads(x, count: 1, size: width)
      let values = [
        x.linear(w, bias: b), x.layerNorm(b, bias: b), x.gelu(), x.softmax(), x.matmul(w),
        x * b, x.exp(), x.mean(1), x.max(-1), x.sliced(-1, 0..<1), x.permuted(0, 2, 1),
        .attention(heads, heads, heads),
      ]
      let sum = values.dropFirst().reduce(values[0].sum()) { $0 + $1.squared().sum() }
      var none = Gradients(ParameterTree(Nothing()))
      return values.map(\.value)
        + tape.accumulateGradients(of: sum, into: &none, at: [x, w, b])
    }
    let lent = outputs(x, weight, row)
    let copied = outputs(
      copy, Tensor(weight.shape, weight.elements), Tensor(row.shape, row.elements))
    for (a, b) in zip(lent, copied) {
      #expect(a.elements.map(\.bitPattern) == b.elements.map(\.bitPattern))
    }
  }

  /// The last tensor that reads the memory lets go of it, once.
  @Test func memoryIsReleasedOnce() {
    let releases = Counter()
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 6)
    memory.initialize(repeating: 2, count: 6)
    nonisolated(unsafe) let lent = memory
    var x: Tensor? = Tensor(unsafeBorrowing: memory, [2, 3]) {
      lent.deallocate()
      releases.add()
    }
    var tape: Tape? = Tape()
    var y = tape.map { [x] in $0.variable(x!).squared() }  // its derivative needs x
    x = nil
    #expect(releases.count == 0 && y?.value[1, 2] == 4)
    (y, tape) = (nil, nil)
    #expect(releases.count == 1)
  }

  /// Writing lets go of the memory, which stays as it is.
  @Test func theOnlyReferenceIsCopiedToo() {
    let releases = Counter()
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 2)
    memory.initialize(repeating: 2, count: 2)
    var x = Tensor(unsafeBorrowing: memory, [2]) { releases.add() }
    x.withUnsafeMutableBufferPointer { $0[0] = 9 }
    #expect(x[0] == 9 && memory[0] == 2 && releases.count == 1)
    memory.deallocate()
  }

  @Test func aTensorThatOutlivesTheCallEndsTheProgram() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let floats: [Float] = [1, 2]
      let kept = Tensor.borrowing(floats.span, [2]) { $0.reshaped([1, 2]) }
      print(kept)
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.contains("a tensor outlives the call that lends its elements; copy them"))
  }
}

private final class Counter: Sendable {
  private let value = Atomic(0)
  var count: Int { value.load(ordering: .sequentiallyConsistent) }
  func add() { value.add(1, ordering: .sequentiallyConsistent) }
}

/// Memory in front of a page that cannot be read.
private struct GuardedFloats {
  private let end: UnsafeMutableRawPointer
  private let count: Int
  private let pages: Int
  private let start: UnsafeMutableRawPointer

  init(_ count: Int) throws {
    let page = sysconf(Int32(_SC_PAGESIZE))
    pages = (4 * count + page - 1) / page * page
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    let mapped = mmap(nil, pages + page, PROT_READ | PROT_WRITE, flags, -1, 0)
    start = try #require(mapped != MAP_FAILED ? mapped : nil)
    try #require(mprotect(start + pages, page, PROT_NONE) == 0)
    (end, self.count) = (start + pages, count)
  }

  func tensor(_ shape: Shape, _ element: (Int) -> Float) -> Tensor {
    let floats = (end - 4 * count).bindMemory(to: Float.self, capacity: count)
    for i in 0..<count { floats[i] = element(i) }
    nonisolated(unsafe) let (start, length) = (start, pages + Int(sysconf(Int32(_SC_PAGESIZE))))
    return Tensor(unsafeBorrowing: floats, shape) { munmap(start, length) }
  }
}
