import Foundation

/// The header of a server's answer.
struct Response {
  private(set) var status = 0
  /// By their names in lower case.
  private var fields: [String: String] = [:]

  /// Takes a line of the header. A line of status begins an answer anew: those before it were
  /// interim ones.
  mutating func add(_ line: String) {
    if line.hasPrefix("HTTP/") {
      self = Response()
      let words = line.split(whereSeparator: \.isWhitespace)
      status = words.count > 1 ? Int(words[1]) ?? 0 : 0
    } else if let colon = line.firstIndex(of: ":") {
      fields[line[..<colon].lowercased()] = line[line.index(after: colon)...]
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  var location: String? { fields["location"] }
  var isRedirect: Bool { [301, 302, 303, 307, 308].contains(status) }

  /// Bytes of the body.
  var length: Int? { fields["content-length"].flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 } }

  /// Which bytes of how many these are: "bytes 200-999/1000".
  var range: (start: Int, end: Int, total: Int)? {
    guard let match = fields["content-range"]?.wholeMatch(of: /bytes (\d+)-(\d+)\/(\d+)/),
      let start = Int(match.1), let end = Int(match.2), let total = Int(match.3)
    else { return nil }
    return (start, end, total)
  }

  /// What tells one state of the file from another (RFC 9110, 8.8): a strong entity tag.
  var tag: String? { fields["etag"].flatMap { Self.isTag($0) ? $0 : nil } }

  static func isTag(_ text: String) -> Bool {
    text.hasPrefix("\"") && text.utf8.count <= 512 && text.utf8.allSatisfy { 0x21...0x7e ~= $0 }
  }

  /// The sha256 that the Hugging Face hub says of a large file, where it redirects to its store.
  var linkedHash: String? {
    fields["x-linked-etag"]?.lowercased().wholeMatch(of: /"?([0-9a-f]{64})"?/)
      .map { String($0.1) }
  }

  var isPage: Bool {
    fields["content-type"]?.lowercased().hasPrefix("text/html") == true
  }

  /// How the body is packed, if it is not as the file.
  var packing: String? {
    fields["content-encoding"].flatMap { $0.lowercased() == "identity" ? nil : $0 }
  }
}
