import Testing

@testable import PyTorchFiles

/// Views that are larger than what is read of them at a time.
struct StridedViewTests {
  /// Rows beyond a window of the reader, which are also read one number at a time.
  @Test func aLongTransposedViewIsRead() throws {
    let (rows, columns) = (700, 300)
    let bytes = checkpoint(
      pickle(
        dictionary([
          ("w", tensor([300, 700], [1, 300], elements: 210_000)),
          ("far", tensor([2, 3], [1, 69_999], elements: 210_000)),
        ])),
      storage: 4 * rows * columns)
    let folder = try TemporaryFolder()
    let file = try PyTorchFile(contentsOf: folder.write(bytes))
    func number(_ element: Int) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: 4 * element + $0) }
    }
    let expected = (0..<columns).flatMap { column in
      (0..<rows).flatMap { number($0 * columns + column) }
    }
    #expect(try file.bytes("w") == expected)
    let far = [0, 69_999, 139_998, 1, 70_000, 139_999].flatMap(number)
    #expect(try file.bytes("far") == far)
  }
}
