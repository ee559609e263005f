import Foundation
import LoopbackServer
import Testing

@testable import Fetching

/// Servers that give no file, another one, or lead elsewhere. Nothing is left of any.
@Suite struct BadServerTests {
  typealias Reply = LoopbackServer.Reply

  private let place: FetchPlace

  init() throws { place = try FetchPlace() }

  /// Expects a refusal with a text in it, after so many requests, and nothing left.
  private func expectRefusal(
    _ part: String, requests: Int = 1, hash: String?? = .none,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ reply: @escaping @Sendable (LoopbackServer.Request, Int) -> Reply
  ) throws {
    let server = try LoopbackServer(reply)
    let error = #expect(throws: FetchError.self, sourceLocation: sourceLocation) {
      try place.fetch(from: server, hash: hash, attempts: 2)
    }
    #expect(
      error?.description.contains(part) == true, "\(error?.description ?? "")",
      sourceLocation: sourceLocation)
    #expect(error?.path.hasPrefix(server.address) == true, sourceLocation: sourceLocation)
    #expect(server.requests.count == requests, sourceLocation: sourceLocation)
    #expect(try place.names() == [], sourceLocation: sourceLocation)
  }

  @Test func statuses() throws {
    for (status, requests, part) in [
      ("404 Not Found", 1, "answered 404: there is no such file"),
      ("403 Forbidden", 1, "answered 403"), ("418 Teapot", 1, "answered 418, expected 200"),
      ("204 No Content", 1, "answered 204, expected 200"),
      ("500 Oh", 2, "cannot reach 127.0.0.1: the server answered 500"),
      ("503 Busy", 2, "answered 503; a file downloaded by a browser is read by its path"),
    ] {
      try expectRefusal(part, requests: requests) { _, _ in Reply(place.bytes, status: status) }
      try expectRefusal(part, requests: requests) { _, _ in Reply(status: status) }
    }
  }

  @Test func aBusyServerIsAskedAgain() throws {
    let server = try LoopbackServer { _, count in
      count < 3 ? Reply(status: "503 Busy") : place.whole
    }
    #expect(try place.fetch(from: server) == place.outcome(.publishedDigits))
    #expect(server.requests.count == 4)
  }

  @Test func aWebPageInsteadOfAFile() throws {
    let page = Array("  <!DOCTYPE html><html>Sign in</html>".utf8)
    try expectRefusal("is a web page") { _, _ in Reply(page, fields: ["Content-Type": "text/html"])
    }
    try expectRefusal("is a web page") { _, _ in Reply(page) }
  }

  @Test func wrongBytes() throws {
    let others = [UInt8](repeating: 7, count: 100_000)
    try expectRefusal("expected the sha256 \(place.digits)…, found ") { _, _ in Reply(others) }
    let linked = ["X-Linked-Etag": "\"\(place.sha256)\""]
    try expectRefusal("expected the sha256 \(place.sha256), found ", hash: .some(nil)) { _, _ in
      Reply(others, fields: linked)
    }
    try expectRefusal("packed the file (gzip)") { _, _ in
      Reply(place.bytes, fields: ["Content-Encoding": "gzip"])
    }
  }

  /// A file that is there stays as it is when its replacement is wrong.
  @Test func wrongBytesReplaceNothing() throws {
    let server = try LoopbackServer { _, _ in Reply([1, 2, 3]) }
    try place.write([9])
    #expect(throws: FetchError.self) { try place.fetch(from: server, force: true) }
    #expect(try place.read() == [9] && place.names() == ["file.pth"])
  }

  @Test func liesAboutTheLength() throws {
    @Sendable func lying(_ length: Int) -> Reply {
      Reply(place.bytes, fields: ["Content-Length": "\(length)"])
    }
    try expectRefusal("expected the sha256") { _, _ in lying(50_000) }
    try expectRefusal("has 999999999999 bytes, expected at most") { _, _ in lying(999_999_999_999) }
    let server = try LoopbackServer { _, _ in lying(100_001) }
    let error = #expect(throws: FetchError.self) { try place.fetch(from: server, attempts: 2) }
    #expect(error?.reason.contains("cannot reach") == true && server.requests.count == 2)
  }

  @Test func withoutALength() throws {
    let reply = Reply(place.bytes, fields: ["Content-Length": ""])
    try expectRefusal("does not say how long the file is", hash: .some(nil)) { _, _ in reply }
    let server = try LoopbackServer { _, _ in reply }
    #expect(try place.fetch(from: server) == place.outcome(.publishedDigits))
  }

  @Test func moreThanThereShouldBe() throws {
    let many = [UInt8](repeating: 1, count: 17_200_000)
    try expectRefusal("has more than the 16977216 bytes") { _, _ in
      Reply(many, fields: ["Content-Length": ""])
    }
  }

  @Test func redirectsLeadToTheFile() throws {
    let server = try LoopbackServer { request, count in
      switch count {
      case 0:
        Reply(
          place.bytes, status: "302 Found",
          fields: ["Location": "/b?c=d", "X-Linked-ETag": place.sha256])
      case 1: Reply(status: "307 Temporary", fields: ["Location": "e"])
      case 2: place.cut(at: 10)
      case 3: Reply(status: "301 Moved", fields: ["Location": "/f"])
      default: place.rest(request)
      }
    }
    #expect(try place.fetch(from: server, hash: .some(nil)) == place.outcome(.hub))
    #expect(server.requests.map(\.path) == ["/a/model.pth", "/b?c=d", "/e", "/a/model.pth", "/f"])
    #expect(server.requests[4].fields["range"] == "bytes=10-")
  }

  /// Only the address that was asked says what the sha256 is.
  @Test func aRedirectDoesNotVouchForItself() throws {
    let other = String(repeating: "0", count: 64)
    try expectRefusal("expected the sha256 \(other), found ", requests: 2, hash: .some(nil)) {
      _, count in
      count == 0
        ? Reply(status: "302 Found", fields: ["Location": "/cdn", "X-Linked-ETag": other])
        : Reply(place.bytes, fields: ["X-Linked-ETag": place.sha256])
    }
  }

  /// A file that changes with every request is not asked for for ever.
  @Test func aFileThatNeverStaysTheSame() throws {
    let many = [UInt8](repeating: 3, count: 3_000_000)
    let server = try LoopbackServer { request, count in
      var reply = Reply(many, fields: ["ETag": "\"\(count)\""])
      if request.fields["range"] != nil {
        reply.status = "206 Partial Content"
        reply.fields["Content-Range"] = "bytes 1500000-2999999/3000000"
      }
      reply.sent = 1_500_000
      return reply
    }
    #expect(throws: FetchError.self) { try place.fetch(from: server, attempts: 4) }
    #expect(server.requests.count < 10)
  }

  /// What is sent in parts is held to the same as what is sent whole.
  @Test func aPartThatIsPacked() throws {
    let server = try LoopbackServer { request, count in
      var reply = count == 0 ? place.cut(at: 30_000) : place.rest(request)
      if count > 0 { reply.fields["Content-Encoding"] = "gzip" }
      return reply
    }
    let error = #expect(throws: FetchError.self) { try place.fetch(from: server) }
    #expect(error?.reason.contains("packed the file (gzip)") == true)
  }

  /// A note that somebody put there does not get into a request.
  @Test func aTagThatIsNone() throws {
    let server = try LoopbackServer { _, _ in place.whole }
    try place.write([1, 2, 3], to: "file.pth.part")
    let note =
      #"{"address":"\#(server.address)/a/model.pth","tag":"\"x\"\r\nHost: evil","total":100}"#
    try place.write(Array(note.utf8), to: "file.pth.part.json")
    #expect(try place.fetch(from: server) == place.outcome(.publishedDigits))
    #expect(server.requests.map { $0.fields["if-range"] } == [nil])
  }

  @Test func redirectsThatAreNotFollowed() throws {
    @Sendable func to(_ location: String) -> Reply {
      Reply(status: "302 Found", fields: ["Location": location])
    }
    try expectRefusal("redirected more than 5 times", requests: 6) { request, _ in to(request.path)
    }
    try expectRefusal("without saying where") { _, _ in Reply(status: "302 Found") }
    for (location, part) in [
      ("http://example.com/x", "http://example.com/x: expected https, found http"),
      ("file:///etc/passwd", "expected an address that begins with https://"),
      ("ftp://example.com/x", "expected https, found ftp"),
      ("https://me:secret@example.com/x", "has a user name in it"),
      ("http://127.0.0.1.example.com/x", "expected https, found http"),
    ] { try expectRefusal(part) { _, _ in to(location) } }
  }

  @Test func nobodyAnswers() throws {
    let address = try LoopbackServer { _, _ in Reply() }.address
    let file = PublishedFile(server: address, path: "/x", maxBytes: 1000)
    var fetch = try Fetch(file, to: place.path("file.pth"))
    (fetch.limits.attempts, fetch.limits.pause) = (2, .milliseconds(1))
    let error = #expect(throws: FetchError.self) { try fetch.run(force: false) { _, _ in } }
    #expect(error?.reason.contains("cannot reach 127.0.0.1: ") == true)
    #expect(try place.names() == [])
  }

  @Test func aConnectionThatSaysNothing() throws {
    try expectRefusal("cannot reach 127.0.0.1", requests: 2) { _, _ in
      var reply = Reply()
      reply.isSilent = true
      return reply
    }
  }
}
