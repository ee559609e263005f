import Fetching
import Foundation
import LoopbackServer
import Testing

/// `convit fetch`, from a server on this machine.
@Suite struct FetchCommandTests {
  private let workspace: Workspace
  /// As large as ConViT-Ti's file, and with the first bytes of an archive.
  private let bytes: [UInt8] = {
    var bytes = [UInt8](repeating: 7, count: 22_000_000)
    bytes.replaceSubrange(0..<4, with: [0x50, 0x4b, 3, 4])
    return bytes
  }()

  init() throws { workspace = try Workspace() }

  private func digest(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.add(bytes)
    return hash.digest
  }

  private func fetch(_ server: LoopbackServer, _ flags: [String] = []) throws -> Outcome {
    try workspace.convit(["fetch", "convit_tiny", "--from", server.address + "/"] + flags)
  }

  @Test func aFileAndItsDigest() throws {
    let server = try LoopbackServer { [bytes] _, _ in .init(bytes) }
    let outcome = try fetch(server)
    #expect(outcome.status == 0 && server.requests.map(\.path) == ["/convit/convit_tiny.pth"])
    #expect(try Array(workspace.read("convit_tiny.pth")) == bytes)
    let line = outcome.out.wholeMatch(of: /(.*), sha256 [0-9a-f]{64}, (.*)\n/)
    #expect(line?.1 == "convit_tiny.pth: 22.0 MB")
    #expect(line?.2 == "not verified: its sha256 is not published")
    #expect(
      outcome.err == "licence: Apache-2.0; try: convit evaluate --weights convit_tiny.pth "
        + "--model convit_tiny --data-path imagenet\n")
    #expect(!outcome.err.contains("\r"))
    let again = try fetch(server)
    #expect(again.status == 0 && again.out.contains("is there already, 22.0 MB, sha256 "))
    #expect(server.requests.count == 1)
    #expect(try fetch(server, ["--output", "other.pth"]).status == 0)
    #expect(try workspace.read("other.pth") == workspace.read("convit_tiny.pth"))
  }

  /// Weights of the hub come as the folder that every command takes for a model.
  @Test func aFolderOfTheHub() throws {
    let name = "convit_tiny.fb_in1k"
    let config = Array(#"{"architecture": "convit_tiny", "num_classes": 1000}"#.utf8)
    let linked = ["X-Linked-ETag": digest(bytes)]
    let server = try LoopbackServer { [bytes] request, _ in
      request.path.hasSuffix(".json") ? .init(config) : .init(bytes, fields: linked)
    }
    let command = ["fetch", name, "--from", server.address]
    let outcome = try workspace.convit(command)
    let base = "/timm/\(name)/resolve/main"
    #expect(server.requests.map(\.path) == ["\(base)/config.json", "\(base)/model.safetensors"])
    #expect(try Array(workspace.read("\(name)/config.json")) == config)
    #expect(try Array(workspace.read("\(name)/model.safetensors")) == bytes)
    #expect(outcome.out.hasPrefix("\(name)/model.safetensors: 22.0 MB, sha256 "))
    #expect(
      outcome.out.hasSuffix(", verified by the sha256 that the mirror says\n"), "\(outcome.out)")
    #expect(outcome.err.hasSuffix("evaluate --weights \(name) --data-path imagenet\n"))
    #expect(try workspace.convit(command).out.contains("is there already"))
    #expect(server.requests.count == 2)
    try workspace.write("taken", [])
    try workspace.expectFailure(
      command + ["--output", "taken"], ["taken: cannot make the folder: a file has its name"])
  }

  /// A server that sends a part and waits; then the signal; then the rest.
  @Test func aSignalKeepsWhatHasCome() throws {
    let server = try LoopbackServer { [bytes] request, count in
      var reply = LoopbackServer.Reply(bytes, fields: ["ETag": "\"one\""])
      if count == 0 {
        (reply.sent, reply.holds) = (100_000, true)
      } else if request.fields["range"] == "bytes=100000-" {
        reply = .init(
          Array(bytes[100_000...]), status: "206 Partial Content",
          fields: ["ETag": "\"one\"", "Content-Range": "bytes 100000-21999999/22000000"])
      }
      return reply
    }
    let command = ["fetch", "convit_tiny", "--from", server.address]
    let isDue = { (try? workspace.read("convit_tiny.pth.part").count) == 100_000 }
    let outcome = try ConvitProcess.run(
      command, in: workspace.path, interruption: .init(isDue: isDue, signal: SIGINT))
    #expect(outcome.status == 75 && outcome.out.isEmpty)
    let message =
      "stopped; what has come is in convit_tiny.pth.part, the same command resumes there"
    #expect(outcome.err.hasSuffix("convit: \(message)\n"), "\(outcome.err)")
    #expect(try workspace.convit(command).status == 0)
    #expect(try Array(workspace.read("convit_tiny.pth")) == bytes)
    #expect(server.requests.count == 2 && server.requests[1].fields["range"] == "bytes=100000-")
  }

  @Test(.disabled(if: ConvitProcess.isUnderTSan, "which does not bear the limit"))
  func aFullDiskIsAnErrorAndNoEnd() throws {
    let server = try LoopbackServer { [bytes] _, _ in .init(bytes, fields: ["ETag": "\"one\""]) }
    let outcome = try ConvitProcess.run(
      ["fetch", "convit_tiny", "--from", server.address], in: workspace.path, fileLimit: 50_000)
    #expect(outcome.status == 1 && outcome.out.isEmpty && server.requests.count == 1)
    #expect(
      outcome.err.hasPrefix(
        "convit: convit_tiny.pth: cannot write: File too large (22000000 bytes are needed"),
      "\(outcome.err)")
    #expect(try !workspace.listing().contains("convit_tiny.pth"))
    #expect(try fetch(server).status == 0)
    #expect(try Array(workspace.read("convit_tiny.pth")) == bytes)
  }

  @Test func failures() throws {
    let server = try LoopbackServer { _, _ in .init(status: "404 Not Found") }
    let from = ["--from", server.address]
    try workspace.expectFailure(
      ["fetch", "convit_tiny"] + from,
      ["\(server.address)/convit/convit_tiny.pth: the server answered 404: there is no such file"])
    try workspace.expectFailure(
      ["fetch", "convit_tiny", "--output", "missing/x.pth"] + from,
      ["missing/x.pth: cannot create 'missing/x.pth.part': No such file"])
    try workspace.expectFailure(
      ["fetch", "convit_tiny", "--output", "data"] + from, ["data: ", "found a directory"])
    try workspace.write("deit.pth", [1])
    try workspace.expectFailure(
      ["fetch", "deit_tiny_patch16_224", "--output", "deit.pth"] + from,
      ["deit.pth: is there with another sha256: expected a1311bcf…, found ", "--force replaces it"])
  }

  /// Without a sha256, a file must have the size and the first bytes of one.
  @Test func filesThatAreNone() throws {
    for (body, part) in [
      ([], "has 0 bytes, expected at least 21698000"),
      (Array(#"{"error": "gone"}"#.utf8), "has 17 bytes, expected at least"),
      (Array(bytes.prefix(7_000_000)), "has 7000000 bytes"),
      ([0] + bytes, "is no file of weights, by its first bytes"),
    ] as [([UInt8], String)] {
      let server = try LoopbackServer { _, _ in .init(body) }
      try workspace.expectFailure(
        ["fetch", "convit_tiny", "--from", server.address], [part])
    }
    for config in ["", "[1]", "<Error>AccessDenied</Error>"] {
      let server = try LoopbackServer { _, _ in .init(Array(config.utf8)) }
      try workspace.expectFailure(
        ["fetch", "convit_tiny.fb_in1k", "--from", server.address],
        ["config.json: is no JSON object, expected a config.json"])
    }
    // Another model's file under the name.
    try workspace.write("convit_small.pth", bytes)
    try workspace.expectFailure(
      ["fetch", "convit_small", "--from", "http://127.0.0.1:9"],
      ["convit_small.pth: is there with 22000000 bytes, expected 105564000 to"])
  }

  @Test func faultsOfTheCommandLine() throws {
    for (arguments, part) in [
      ([], "expected a <name>, or --list"), (["convit_tny"], "Did you mean 'convit_tiny'"),
      (
        ["vit_base_patch16_224"], "several weights of 'vit_base_patch16_224': vit_base_patch16_224."
      ),
      (["--list", "convit_tiny"], "list goes alone"),
      (["convit_tiny", "--output", ""], "output is empty"),
      (["convit_tiny", "--from", "http://example.com"], "expected https, found http"),
      (["convit_tiny", "--from", "x"], "expected an address that begins with https://"),
    ] { try workspace.expectFailure(["fetch"] + arguments, status: 2, [part]) }
  }

  @Test func theList() throws {
    let outcome = try workspace.convit(["fetch", "--list"])
    #expect(outcome.status == 0 && outcome.err.isEmpty)
    #expect(outcome.outLines.allSatisfy { $0.count <= 100 })
    #expect(
      outcome.outLines.contains {
        $0.contains(/^convit_tiny +5\.71 M +73\.116  Apache-2\.0$/)
      }, "\(outcome.out)")
    #expect(outcome.outLines.contains { $0.contains(/^vit_base_patch16_224\.mae +85\.80 M +–/) })
  }
}
