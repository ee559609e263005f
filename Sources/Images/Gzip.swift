import CImage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What is in the gzip file `bytes`, of at most `maxBytes`; errors call it `name`.
func gunzipped(
  _ bytes: [UInt8], name: String, maxBytes: Int
) throws(ImageError) -> [UInt8] {
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
