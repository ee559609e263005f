/// Where the markers of a JPEG are; its segments are walked, as their content may hold anything.
enum JPEGMarkers {
  static func offset(of marker: UInt8, in bytes: [UInt8]) -> Int? {
    offsets(of: marker, in: bytes).first
  }

  static func offsets(of marker: UInt8, in bytes: [UInt8]) -> [Int] {
    var found: [Int] = []
    var at = 2
    while at + 3 < bytes.count {
      guard bytes[at] == 0xFF, bytes[at + 1] != 0, !(0xD0...0xD7).contains(bytes[at + 1]) else {
        at += 1  // coded data after the header of a scan
        continue
      }
      if bytes[at + 1] == marker { found.append(at) }
      if bytes[at + 1] == 0xD9 { break }
      at += 2 + Int(bytes[at + 2]) << 8 + Int(bytes[at + 3])
    }
    return found
  }
}

extension JPEGMarkers {
  /// Where coded data restarts.
  static func restarts(in bytes: [UInt8]) -> [Int] {
    let scan = offset(of: 0xDA, in: bytes) ?? bytes.count
    return (scan..<(bytes.count - 1)).filter {
      bytes[$0] == 0xFF && (0xD0...0xD7).contains(bytes[$0 + 1])
    }
  }
}
