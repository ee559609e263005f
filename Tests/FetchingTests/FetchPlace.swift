import Foundation
import LoopbackServer

@testable import Fetching

/// A folder to fetch into, and a file of 100,000 bytes that a server has.
final class FetchPlace: Sendable {
  let bytes: [UInt8]
  private let folder = NSTemporaryDirectory() + "convit-fetch-" + UUID().uuidString

  init() throws {
    var state: UInt32 = 1
    bytes = (0..<100_000).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: state >> 24)
    }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  func read(_ name: String = "file.pth") throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  func write(_ bytes: [UInt8], to name: String = "file.pth") throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
  }

  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  var sha256: String {
    var hash = SHA256()
    hash.add(bytes)
    return hash.digest
  }

  /// The first digits of the file's sha256.
  var digits: String { String(sha256.prefix(8)) }

  func outcome(_ verification: Fetch.Outcome.Verification, wasThere: Bool = false) -> Fetch.Outcome
  {
    Fetch.Outcome(
      bytes: bytes.count, sha256: sha256, verification: verification, wasThere: wasThere)
  }

  /// Fetches the file into `file.pth`. The first digits of its hash are known, unless others are.
  func fetch(
    from server: LoopbackServer, hash: String?? = .none, force: Bool = false, attempts: Int = 5,
    report: @escaping (Int, Int?) throws -> Void = { _, _ in }
  ) throws -> Fetch.Outcome {
    let file = PublishedFile(
      server: server.address, path: "/a/model.pth", maxBytes: 16_977_216, hash: hash ?? digits)
    var fetch = try Fetch(file, to: path("file.pth"))
    (fetch.limits.attempts, fetch.limits.pause) = (attempts, .milliseconds(1))
    return try fetch.run(force: force, report: report)
  }

  /// The file, with a tag.
  var whole: LoopbackServer.Reply { LoopbackServer.Reply(bytes, fields: ["ETag": "\"one\""]) }

  /// What a request asks for: the file, or the range of it from a byte to the end.
  func rest(_ request: LoopbackServer.Request) -> LoopbackServer.Reply {
    guard let match = request.fields["range"]?.wholeMatch(of: /bytes=(\d+)-/),
      let start = Int(match.1)
    else { return whole }
    let range = "bytes \(start)-\(bytes.count - 1)/\(bytes.count)"
    return LoopbackServer.Reply(
      Array(bytes[start...]), status: "206 Partial Content",
      fields: ["ETag": "\"one\"", "Content-Range": range])
  }

  /// What a request asks for, cut off after so many bytes.
  func cut(at count: Int, _ request: LoopbackServer.Request? = nil) -> LoopbackServer.Reply {
    var reply = request.map(rest) ?? whole
    reply.sent = count
    return reply
  }
}
