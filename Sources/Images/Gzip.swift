import CImage
import Foundation

/// What is in the gzip file `bytes`, of at most `maxBytes`; errors call it `name`.
func gunzipped(_ bytes: [UInt8], name: String, maxBytes: Int) throws(ImageError) -> [UInt8] {
  var message = CMessage()
  var output: UnsafeMutablePointer<UInt8>?
  var count = 0
  let status = cimage_inflate(
    bytes, bytes.count, max(0, maxBytes), &output, &count, &message.characters)
  defer { free(output) }
  guard status == CIMAGE_OK else {
    throw ImageError(path: name, reason: message.reason(status, "gzip data"))
  }
  return Array(UnsafeBufferPointer(start: output, count: count))
}

/// The buffer in which the C code leaves a message, and what it says in full.
struct CMessage {
  var characters = [CChar](repeating: 0, count: Int(CIMAGE_MESSAGE_SIZE))

  /// Puts a text of our own in the place of the library's.
  mutating func set(_ text: String) {
    let bytes = text.utf8.prefix(characters.count - 1).map { CChar(bitPattern: $0) }
    characters.replaceSubrange(0...bytes.count, with: bytes + [0])
  }

  var isEmpty: Bool { characters[0] == 0 }

  /// A sentence part about an image of `format`.
  func reason(_ status: CImageStatus, _ format: String) -> String {
    let end = characters.firstIndex(of: 0) ?? characters.endIndex
    let text = String(decoding: characters[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
    switch status {
    case CIMAGE_DAMAGED: return "damaged \(format): \(text)"
    case CIMAGE_UNSUPPORTED: return "unsupported \(format): \(text)"
    default: return "\(format): \(text)"
    }
  }
}
