import CTransfer
import Foundation

/// What takes the answer to a request.
protocol TransferReceiver: AnyObject {
  /// Looks at the header of an answer, and says whether its body is wanted.
  func begin(_ response: Response) throws -> Bool
  func receive(_ bytes: UnsafeRawBufferPointer) throws
  /// Called every second and after every piece; whoever throws ends the transfer.
  func tick() throws
}

/// One request by libcurl.
///
/// Not by Foundation's `URLSession`, which on Linux traps in Swift 6.2 and 6.3 where a server of
/// HTTP/2 redirects, as the hub does (swift-corelibs-foundation, issues 5445 and 5524).
final class Transfer {
  private let receiver: any TransferReceiver
  private var response = Response()
  private var hasBegun = false
  /// Why a callback ended the transfer; a body that is not wanted ends it without an error.
  private var failure: (any Error)?

  private init(_ receiver: any TransferReceiver) { self.receiver = receiver }

  /// Asks for what is at an address, and returns the header of the answer.
  ///
  /// - Parameter fields: lines of the request's header, such as "Range: bytes=100-".
  /// - Throws: `TransferFault`, and what the receiver throws.
  static func get(
    _ address: Address, fields: [String], limits: FetchLimits, to receiver: any TransferReceiver
  ) throws -> Response {
    let transfer = Transfer(receiver)
    var message = [CChar](repeating: 0, count: Int(CTRANSFER_MESSAGE_SIZE))
    let lines = fields.map { strdup($0) }
    defer { for line in lines { free(line) } }
    let ended = lines.map { UnsafePointer($0) } + [nil]
    let status = address.text.withCString { text in
      ended.withUnsafeBufferPointer { lines in
        var request = CTransferRequest()
        (request.address, request.fields) = (text, lines.baseAddress)
        request.plain = address.isPlain ? 1 : 0
        request.connect_seconds = limits.connectSeconds
        request.stall_seconds = limits.stallSeconds
        request.context = Unmanaged.passUnretained(transfer).toOpaque()
        request.header = { Transfer.of($3).header($0, $1 * $2) }
        request.body = { Transfer.of($3).body($0, $1 * $2) }
        request.progress = { context, _, _, _, _ in Transfer.of(context).progress() }
        return withExtendedLifetime(transfer) {
          "convit".withCString { agent in
            request.agent = agent
            return ctransfer_get(&request, &message)
          }
        }
      }
    }
    if let failure = transfer.failure { throw failure }
    switch status {
    case CTRANSFER_OK where !transfer.hasBegun: _ = try receiver.begin(transfer.response)
    case CTRANSFER_OK, CTRANSFER_STOPPED: break
    case CTRANSFER_NO_LIBRARY:
      throw TransferFault(
        reason: "libcurl is not installed (Debian: apt install libcurl4)", isFinal: true)
    default:
      let end = message.firstIndex(of: 0) ?? message.count
      throw TransferFault(
        reason: String(decoding: message[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self),
        isFinal: status == CTRANSFER_REFUSED)
    }
    return transfer.response
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> Transfer {
    guard let context else { fatalError("Transfer: a callback without its transfer") }
    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
  }

  private func header(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> Int {
    response.add(
      String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self))
    return count
  }

  private func body(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> Int {
    do {
      if !hasBegun {
        hasBegun = true
        guard try receiver.begin(response) else { return count + 1 }
      }
      try receiver.receive(UnsafeRawBufferPointer(start: bytes, count: count))
      return count
    } catch {
      failure = error
      return count + 1
    }
  }

  private func progress() -> Int32 {
    do {
      try receiver.tick()
      return 0
    } catch {
      failure = failure ?? error
      return 1
    }
  }
}
