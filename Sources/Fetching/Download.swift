import Files
import Foundation

/// Brings what is at an address into a file, in as many requests as it takes.
///
/// A download resumes where the file ends if the server says, by the tag that the first answer had,
/// that the file is still the same (RFC 9110, `If-Range`); else it starts over.
final class Download: TransferReceiver {
  private let address: Address
  private let file: PartialFile
  private let limits: FetchLimits
  private let maxBytes: Int
  private let report: (_ bytes: Int, _ total: Int?) throws -> Void
  private var origin: Origin?
  /// The sha256 that the hub says of the file.
  private(set) var linkedHash: String?
  /// Bytes of the whole file, if the server said.
  private(set) var total: Int?
  /// Whether a later download can resume where this one ends.
  var canResume: Bool { origin != nil && file.size > 0 }
  private var isRedirected = false

  /// Where the bytes of a file that has begun are from, and what was said of the whole.
  private struct Origin: Codable {
    let address: String
    let tag: String
    let total: Int
    let linkedHash: String?
  }

  /// - Parameters:
  ///   - maxBytes: what no such file has more of.
  ///   - report: called every second and after every piece; whoever throws ends the download.
  init(
    _ address: Address, to file: PartialFile, maxBytes: Int, limits: FetchLimits,
    report: @escaping (_ bytes: Int, _ total: Int?) throws -> Void
  ) {
    (self.address, self.file, self.limits) = (address, file, limits)
    (self.maxBytes, self.report) = (maxBytes, report)
    origin = file.note.flatMap { try? JSONDecoder().decode(Origin.self, from: $0) }
    if let tag = origin?.tag, !Response.isTag(tag) { origin = nil }
  }

  /// - Throws: `FetchError`, `FileError`, and what `report` throws.
  func run() throws {
    if origin?.address != address.text || file.size > origin?.total ?? 0 { try restart() }
    linkedHash = origin?.linkedHash
    var (failures, most) = (0, file.size)
    while true {
      do {
        if let origin, file.size == origin.total { return total = origin.total }
        return try attempt()
      } catch let fault as TransferFault {
        failures = file.size - most >= 1 << 20 ? 1 : failures + 1
        most = max(most, file.size)
        guard !fault.isFinal, failures < limits.attempts else { throw described(fault) }
        try wait(limits.pause * (1 << (failures - 1)))
      }
    }
  }

  /// Asks once for what is missing, following redirects.
  private func attempt() throws {
    var target = address
    for hop in 0...limits.redirects {
      isRedirected = hop > 0
      var fields: [String] = []
      if let origin, file.size > 0 {
        fields = ["Range: bytes=\(file.size)-", "If-Range: \(origin.tag)"]
      }
      let response = try Transfer.get(target, fields: fields, limits: limits, to: self)
      guard response.isRedirect else {
        guard let total, file.size < total else { return }
        throw TransferFault(reason: "the connection ended at byte \(file.size) of \(total)")
      }
      guard let location = response.location else {
        throw refuse("answered \(response.status) without saying where the file is")
      }
      target = try target.redirected(to: location)
    }
    throw refuse("is redirected more than \(limits.redirects) times")
  }

  func begin(_ response: Response) throws -> Bool {
    // Of the address that was asked; what it leads to does not vouch for itself.
    if !isRedirected, let hash = response.linkedHash { linkedHash = hash }
    if response.isRedirect { return false }
    switch response.status {
    case 200: try beginWhole(response)
    case 206: try resume(response)
    case 416:
      try restart()
      throw TransferFault(reason: "the server has not the bytes that are missing")
    case 408, 429, 500...599:
      throw TransferFault(reason: "the server answered \(response.status)")
    case 401, 403:
      throw refuse("the server answered \(response.status): it gives it to others only")
    case 404, 410: throw refuse("the server answered \(response.status): there is no such file")
    default: throw refuse("the server answered \(response.status), expected 200")
    }
    return true
  }

  private func requireFile(_ response: Response) throws {
    guard !response.isPage else { throw refuse("is a web page, expected a file of weights") }
    if let packing = response.packing {
      throw refuse("the server packed the file (\(packing.printable())), which was not asked for")
    }
  }

  private func beginWhole(_ response: Response) throws {
    try requireFile(response)
    if let length = response.length, length > maxBytes {
      throw refuse("has \(length) bytes, expected at most \(maxBytes)")
    }
    try restart()
    total = response.length
    file.expect(total ?? maxBytes)
    if let tag = response.tag, let total {
      let origin = Origin(
        address: address.text, tag: tag, total: total, linkedHash: linkedHash)
      try file.setNote(try JSON.encoder().encode(origin))
      self.origin = origin
    }
  }

  /// Takes an answer that begins where the file ends, and is of the same file.
  private func resume(_ response: Response) throws {
    try requireFile(response)
    guard let origin, let range = response.range, range.start == file.size,
      range.end == range.total - 1, range.total == origin.total,
      response.tag == nil || response.tag == origin.tag
    else {
      try restart()
      throw TransferFault(reason: "the file has changed on the server")
    }
    total = range.total
    file.expect(range.total)
  }

  func receive(_ bytes: UnsafeRawBufferPointer) throws {
    let limit = total ?? maxBytes
    guard file.size + bytes.count <= limit else {
      try restart()
      throw refuse("has more than the \(limit) bytes that were expected")
    }
    try file.append(bytes)
    try tick()
  }

  func tick() throws { try report(file.size, total) }

  private func restart() throws {
    try file.removeAll()
    (origin, total) = (nil, nil)
  }

  /// Waits in pieces, so that a signal is noticed.
  private func wait(_ pause: Duration) throws {
    let end = ContinuousClock.now + pause
    while ContinuousClock.now < end {
      try tick()
      usleep(20_000)
    }
  }

  private func refuse(_ reason: String) -> FetchError {
    FetchError(path: address.text, reason: reason)
  }

  private func described(_ fault: TransferFault) -> FetchError {
    if canResume {
      return refuse(
        "\(fault.reason.printable(limit: 300)); \(file.size) bytes are in \(file.temporary), "
          + "and the same command resumes there")
    }
    return refuse(
      "cannot reach \(address.host): \(fault.reason.printable(limit: 300)); "
        + "a file downloaded by a browser is read by its path")
  }
}
