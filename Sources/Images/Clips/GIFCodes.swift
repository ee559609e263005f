/// The compression of GIF: codes of growing length for strings of pixels that came before
/// (Lempel, Ziv, Welch 1984; appendix F of the GIF89a specification).
enum GIFCodes {
  /// As many pixels as there are codes for, up to `count`: what comes after these is not looked at.
  /// nil if a code is of no string.
  ///
  /// - Parameter size: Bits of a pixel, 1 to 8; the first codes have one more.
  static func pixels(_ data: [UInt8], size: Int, count: Int) -> [UInt8]? {
    let (clear, end) = (1 << size, 1 << size + 1)
    var strings = Strings()
    var (known, width) = (end + 1, size + 1)  // codes that are known; bits of the next one
    var previous = -1
    var (held, bits, place) = (0, 0, 0)
    var output = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      while bits < width {
        guard place < data.count else { return Array(output[..<filled]) }
        held |= Int(data[place]) << bits
        bits += 8
        place += 1
      }
      let code = held & (1 << width - 1)
      held >>= width
      bits -= width
      if code == end { break }
      if code == clear {
        (known, width, previous) = (end + 1, size + 1, -1)
        continue
      }
      if previous < 0 {
        guard code < clear else { return nil }
      } else {
        guard code < known || code == known && known < 4096 else { return nil }
        if known < 4096 {
          // The string before and the first pixel of this one, which may be the new string itself.
          strings.append(to: previous, firstOf: code < known ? code : previous, as: known)
          known += 1
          if known == 1 << width, width < 12 { width += 1 }
        }
      }
      filled = strings.write(code, to: &output, at: filled)
      previous = code
    }
    return filled == count ? output : Array(output[..<filled])
  }

  /// The strings by code: each is another one and a pixel.
  private struct Strings {
    private var before = [Int](repeating: 0, count: 4096)
    private var pixel = (0..<4096).map { UInt8(truncatingIfNeeded: $0) }
    private var first = (0..<4096).map { UInt8(truncatingIfNeeded: $0) }
    private var length = [Int](repeating: 1, count: 4096)

    mutating func append(to string: Int, firstOf other: Int, as code: Int) {
      before[code] = string
      pixel[code] = first[other]
      first[code] = first[string]
      length[code] = length[string] + 1
    }

    /// Writes a string, as far as there is room; returns where it ends.
    func write(_ code: Int, to output: inout [UInt8], at start: Int) -> Int {
      let stop = start + length[code]
      var rest = code
      for i in stride(from: stop - 1, through: start, by: -1) {
        if i < output.count { output[i] = pixel[rest] }
        rest = before[rest]
      }
      return min(stop, output.count)
    }
  }
}
