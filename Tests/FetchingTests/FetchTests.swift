import Files
import Foundation
import LoopbackServer
import Testing

@testable import Fetching

/// Downloads from a server on this machine that does what it should, or what it should not.
@Suite struct FetchTests {
  typealias Reply = LoopbackServer.Reply

  private let place: FetchPlace

  init() throws { place = try FetchPlace() }

  @Test func aWholeFile() throws {
    let server = try LoopbackServer { _, _ in place.whole }
    let outcome = try place.fetch(from: server)
    #expect(outcome == place.outcome(.publishedDigits))
    #expect(try place.read() == place.bytes && place.names() == ["file.pth"])
    #expect(server.requests.map(\.path) == ["/a/model.pth"])
    #expect(server.requests[0].fields["range"] == nil)
  }

  @Test func aFileThatIsThereIsAskedOfNobody() throws {
    let server = try LoopbackServer { _, _ in place.whole }
    try place.write(place.bytes)
    #expect(try place.fetch(from: server) == place.outcome(.publishedDigits, wasThere: true))
    #expect(
      try place.fetch(from: server, hash: .some(nil)) == place.outcome(.none, wasThere: true))
    try place.write([1, 2, 3])
    let error = #expect(throws: FileError.self) { try place.fetch(from: server) }
    #expect(
      error?.reason.contains("is there with another sha256: expected \(place.digits)…") == true)
    #expect(try place.read() == [1, 2, 3] && server.requests.isEmpty)
    #expect(try place.fetch(from: server, force: true) == place.outcome(.publishedDigits))
    #expect(try place.read() == place.bytes && server.requests.count == 1)
  }

  @Test func aBrokenConnectionGoesOn() throws {
    let server = try LoopbackServer { request, count in
      count == 0 ? place.cut(at: 30_000) : place.rest(request)
    }
    #expect(try place.fetch(from: server) == place.outcome(.publishedDigits))
    #expect(try place.read() == place.bytes && place.names() == ["file.pth"])
    #expect(server.requests.count == 2)
    #expect(server.requests[1].fields["range"] == "bytes=30000-")
    #expect(server.requests[1].fields["if-range"] == "\"one\"")
  }

  @Test func aServerThatKnowsNoRangesBeginsAnew() throws {
    let server = try LoopbackServer { _, count in count == 0 ? place.cut(at: 30_000) : place.whole }
    #expect(try place.fetch(from: server) == place.outcome(.publishedDigits))
    #expect(try place.read() == place.bytes && server.requests.count == 2)
  }

  /// Each of these would put the end of one file behind the beginning of another.
  @Test(arguments: ["ETag", "Content-Range", "total", "416"]) func aFileThatChanges(
    _ what: String
  ) throws {
    let server = try LoopbackServer { request, count in
      if count == 0 { return place.cut(at: 30_000) }
      if count == 2 { return place.whole }
      var reply = place.rest(request)
      switch what {
      case "ETag": reply.fields["ETag"] = "\"two\""
      case "Content-Range": reply.fields["Content-Range"] = "bytes 30001-99999/100000"
      case "total": reply.fields["Content-Range"] = "bytes 30000-100000/100001"
      default: reply = Reply(status: "416 Range Not Satisfiable")
      }
      return reply
    }
    #expect(try place.fetch(from: server) == place.outcome(.publishedDigits))
    #expect(try place.read() == place.bytes)
    #expect(server.requests.map { $0.fields["range"] } == [nil, "bytes=30000-", nil])
  }

  /// Without a tag nobody could say that the file is still the same.
  @Test func withoutATagItBeginsAnew() throws {
    let server = try LoopbackServer { _, count in
      var reply = count == 0 ? place.cut(at: 30_000) : place.whole
      reply.fields["ETag"] = count == 0 ? "W/\"one\"" : ""
      return reply
    }
    #expect(try place.fetch(from: server) == place.outcome(.publishedDigits))
    #expect(server.requests.map { $0.fields["range"] } == [nil, nil])
  }

  @Test func anotherRunGoesOn() throws {
    let server = try LoopbackServer { request, count in
      count < 2 ? place.cut(at: 30_000, request) : place.rest(request)
    }
    let error = #expect(throws: FetchError.self) { try place.fetch(from: server, attempts: 2) }
    #expect(error?.reason.contains("60000 bytes are in") == true)
    #expect(
      error?.reason.hasSuffix("file.pth.part, and the same command resumes there") == true)
    #expect(try place.names() == ["file.pth.part", "file.pth.part.json"])
    #expect(try place.fetch(from: server) == place.outcome(.publishedDigits))
    #expect(server.requests[2].fields["range"] == "bytes=60000-")
    #expect(try place.read() == place.bytes && place.names() == ["file.pth"])
  }

  /// The process was killed after the last byte. The hub's hash was kept with the bytes.
  @Test func aFileThatOnlyLacksItsName() throws {
    let server = try LoopbackServer { _, _ in
      var reply = place.cut(at: 30_000)
      reply.fields["X-Linked-ETag"] = place.sha256
      return reply
    }
    func fetch() throws -> Fetch.Outcome {
      try place.fetch(from: server, hash: .some(nil), attempts: 1)
    }
    _ = #expect(throws: FetchError.self) { try fetch() }
    try place.write(place.bytes.reversed(), to: "file.pth.part")
    let error = #expect(throws: FetchError.self) { try fetch() }
    #expect(error?.reason.contains("expected the sha256 \(place.sha256), found ") == true)
    _ = #expect(throws: FetchError.self) { try fetch() }
    try place.write(place.bytes, to: "file.pth.part")
    #expect(try fetch() == place.outcome(.hub))
    #expect(server.requests.count == 2)
  }

  /// What another address gave is no beginning of this file.
  @Test func aMirrorBeginsAnew() throws {
    let first = try LoopbackServer { _, _ in place.cut(at: 30_000) }
    _ = #expect(throws: FetchError.self) { try place.fetch(from: first, attempts: 1) }
    let second = try LoopbackServer { _, _ in place.whole }
    #expect(try place.fetch(from: second) == place.outcome(.publishedDigits))
    #expect(second.requests.map { $0.fields["range"] } == [nil])
  }

  @Test func aStopKeepsWhatHasCome() throws {
    let server = try LoopbackServer { request, _ in place.rest(request) }
    #expect(throws: CancellationError.self) {
      try place.fetch(from: server) { bytes, _ in if bytes > 0 { throw CancellationError() } }
    }
    let kept = try place.read("file.pth.part")
    #expect(!kept.isEmpty && Array(place.bytes.prefix(kept.count)) == kept)
    #expect(try place.fetch(from: server) == place.outcome(.publishedDigits))
    #expect(try place.read() == place.bytes)
  }

  /// What could not be resumed is not kept.
  @Test func withoutATagNothingIsLeft() throws {
    let server = try LoopbackServer { _, _ in
      var reply = place.cut(at: 30_000)
      reply.fields["ETag"] = ""
      return reply
    }
    #expect(throws: FetchError.self) { try place.fetch(from: server, attempts: 2) }
    #expect(try place.names() == [])
  }

  @Test func progressCountsToTheEnd() throws {
    let server = try LoopbackServer { _, _ in place.whole }
    var last = (0, Int?.none)
    _ = try place.fetch(from: server) { bytes, total in
      #expect(bytes >= last.0)
      last = (bytes, total)
    }
    #expect(last == (100_000, 100_000))
  }

  @Test func twoDoNotShareAFile() throws {
    let server = try LoopbackServer { _, _ in place.whole }
    let held = try PartialFile(place.path("file.pth"))
    let error = #expect(throws: FileError.self) { try place.fetch(from: server) }
    #expect(error?.reason.contains("is being written by another") == true)
    #expect(held.size == 0 && server.requests.isEmpty)
  }
}
