/// What becomes of each value of each channel: an operation that looks at one value at a time.
struct ToneTables {
  private(set) var values: [UInt8]  // [3, 256]

  /// The same for all channels; results are cut to 0 … 255.
  init(_ tone: (Int) -> Int) {
    let channel = (0..<256).map { UInt8(min(max(tone($0), 0), 255)) }
    values = channel + channel + channel
  }

  /// From a gray value (0) to the value itself (1) and beyond, as `ck_blend` rounds.
  init(from gray: Int, _ factor: Double) {
    let factor = Float(factor)
    self.init { Int(min(max(Float(gray) + factor * Float($0 - gray), 0), 255)) }
  }

  /// The least value of a channel to 0 and the greatest to 255; a channel of one value stays.
  init(autoContrastOf histograms: [[Int]]) {
    self.init(channels: histograms) { histogram in
      guard let low = histogram.firstIndex(where: { $0 > 0 }),
        let high = histogram.lastIndex(where: { $0 > 0 }), low < high
      else { return nil }
      let scale = 255 / Double(high - low)
      let offset = Double(-low) * scale
      return (0..<256).map { Int(min(max(Double($0) * scale + offset, 0), 255)) }
    }
  }

  /// An even histogram: a value becomes the share of the pixels below it.
  init(equalizing histograms: [[Int]]) {
    self.init(channels: histograms) { histogram in
      let counts = histogram.filter { $0 > 0 }
      let step = (counts.reduce(0, +) - (counts.last ?? 0)) / 255
      guard counts.count > 1, step > 0 else { return nil }
      var sum = step / 2
      return histogram.map { count in
        defer { sum += count }
        return min(sum / step, 255)
      }
    }
  }

  /// A table for each histogram; nil leaves the channel alone.
  private init(channels: [[Int]], _ table: ([Int]) -> [Int]?) {
    values = channels.flatMap { (table($0) ?? Array(0..<256)).map(UInt8.init) }
  }
}

extension RGBImage {
  func mapped(by tables: ToneTables) -> RGBImage {
    produced { source, out in
      tables.values.withUnsafeBufferPointer { tables in
        guard let red = tables.baseAddress else { return }
        for i in stride(from: 0, to: pixels.count, by: 3) {
          out[i] = red[Int(source[i])]
          out[i + 1] = red[256 + Int(source[i + 1])]
          out[i + 2] = red[512 + Int(source[i + 2])]
        }
      }
    }
  }

  /// How often each value occurs, [3][256].
  func histograms() -> [[Int]] {
    // Two of each: the same value is often there twice in a row, and has to wait for itself.
    var counts = [UInt32](repeating: 0, count: 6 * 256)
    counts.withUnsafeMutableBufferPointer { counts in
      pixels.withUnsafeBufferPointer { source in
        guard let count = counts.baseAddress, let source = source.baseAddress else { return }
        var table = 0
        for i in stride(from: 0, to: pixels.count, by: 3) {
          count[table + Int(source[i])] &+= 1
          count[table + 256 + Int(source[i + 1])] &+= 1
          count[table + 512 + Int(source[i + 2])] &+= 1
          table = 768 - table
        }
      }
    }
    return (0..<3).map { c in
      (0..<256).map { Int(counts[256 * c + $0]) + Int(counts[768 + 256 * c + $0]) }
    }
  }

  /// An image of the same size, made by writing all of its bytes.
  func produced(_ body: (UnsafePointer<UInt8>, UnsafeMutablePointer<UInt8>) -> Void) -> RGBImage {
    let count = pixels.count
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { output, initialized in
      pixels.withUnsafeBufferPointer { source in
        guard let source = source.baseAddress, let out = output.baseAddress else { return }
        body(source, out)
      }
      initialized = count
    }
    return RGBImage(width: width, height: height, pixels: bytes)
  }
}
