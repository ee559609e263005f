import Foundation
import Synchronization

/// An HTTP server on this machine for tests, which says what it is told to: whole files and parts,
/// lies about their length, broken connections. Each connection is for one request.
package final class LoopbackServer: Sendable {
  package struct Request: Sendable {
    package let path: String
    /// By their names in lower case.
    package let fields: [String: String]
  }

  package struct Reply: Sendable {
    package var status: String
    package var fields: [String: String]
    package var body: [UInt8]
    /// Bytes of the body after which the connection is closed.
    package var sent = Int.max
    /// Whether the connection is closed without a word.
    package var isSilent = false
    /// Whether it then waits for the other side to close.
    package var holds = false

    /// A reply that says its length.
    package init(
      _ body: [UInt8] = [], status: String = "200 OK", fields: [String: String] = [:]
    ) {
      (self.status, self.body) = (status, body)
      self.fields = ["Content-Length": "\(body.count)"].merging(fields) { $1 }
    }
  }

  private let descriptor: Int32
  private let port: Int
  private let seen = Mutex<[Request]>([])

  /// A server that answers with what `reply` says of a request and the number of those before it.
  package init(_ reply: @escaping @Sendable (Request, Int) -> Reply) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { [descriptor] pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) | listen(descriptor, 16) | getsockname(descriptor, $0, &size)
      }
    }
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    port = Int(UInt16(bigEndian: address.sin_port))
    let listening = descriptor
    Thread { [weak self] in
      while true {
        let connection = accept(listening, nil, nil)
        guard connection >= 0 else { break }
        if let request = Self.request(from: connection), let self {
          let count = seen.withLock { seen in
            seen.append(request)
            return seen.count - 1
          }
          Self.send(reply(request, count), to: connection)
        }
        close(connection)
      }
      close(listening)
    }.start()
  }

  deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// "http://127.0.0.1:…", without a slash at its end.
  package var address: String { "http://127.0.0.1:\(port)" }

  package var requests: [Request] { seen.withLock { $0 } }

  private static func request(from connection: Int32) -> Request? {
    var (text, bytes) = ("", [UInt8](repeating: 0, count: 4096))
    while !text.hasSuffix("\r\n\r\n") {
      let count = recv(connection, &bytes, bytes.count, 0)
      guard count > 0 else { return nil }
      text += String(decoding: bytes[..<count], as: UTF8.self)
    }
    let lines = text.components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count == 3 else { return nil }
    let fields = lines.dropFirst().compactMap { line -> (String, String)? in
      guard let colon = line.range(of: ": ") else { return nil }
      return (line[..<colon.lowerBound].lowercased(), String(line[colon.upperBound...]))
    }
    return Request(path: String(words[1]), fields: Dictionary(fields) { $1 })
  }

  private static func send(_ reply: Reply, to connection: Int32) {
    if reply.isSilent { return }
    let fields = reply.fields.filter { !$1.isEmpty }.map { "\($0): \($1)\r\n" }.joined()
    let head = "HTTP/1.1 \(reply.status)\r\n\(fields)Connection: close\r\n\r\n"
    var rest = (Array(head.utf8) + reply.body.prefix(reply.sent))[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
    var byte: UInt8 = 0
    if reply.holds { while recv(connection, &byte, 1, 0) > 0 {} }
  }
}
