import Testing

@testable import Fetching

@Suite struct AddressTests {
  @Test func whatMayBeAsked() throws {
    for text in [
      "https://huggingface.co/timm", "http://127.0.0.1:80/x", "http://localhost/",
      "http://[::1]:9/x",
      "HTTPS://example.com:8443/a%20b?c=d",
    ] { #expect(throws: Never.self) { try Address(text) } }
    for text in [
      "http://huggingface.co/timm", "http://127.0.0.2.example.com/",
      "http://localhost.example.com/",
      "ftp://127.0.0.1/x", "file:///etc/passwd", "huggingface.co/timm", "https://", "",
      "https://u:p@h/x",
    ] { #expect(throws: FetchError.self) { try Address(text) } }
  }

  @Test func redirects() throws {
    let safe = try Address("https://huggingface.co/timm/x/resolve/main/model.safetensors?a=b")
    #expect(
      try safe.redirected(to: "/api/y").text == "https://huggingface.co/api/y")
    #expect(try safe.redirected(to: "https://cdn.example.com/z?k=v").host == "cdn.example.com")
    #expect(try safe.redirected(to: "//cdn.example.com/z").text == "https://cdn.example.com/z")
    for location in ["http://huggingface.co/x", "http://127.0.0.1/x", "http://localhost:8080/x"] {
      #expect(throws: FetchError.self) { try safe.redirected(to: location) }
    }
    let here = try Address("http://127.0.0.1:8080/x")
    #expect(try here.redirected(to: "http://localhost:9/y").isPlain)
    #expect(try !here.redirected(to: "https://example.com/y").isPlain)
  }

  @Test func headers() {
    var response = Response()
    for line in [
      "HTTP/1.1 100 Continue\r\n", "ETag: \"old\"\r\n", "\r\n", "HTTP/2 206\r\n",
      "Content-Length: 70\r\n", "CONTENT-RANGE: bytes 30-99/100\r\n", "etag:W/\"weak\"\r\n", "\r\n",
    ] { response.add(line) }
    #expect(response.status == 206 && response.length == 70 && response.tag == nil)
    #expect(
      response.range?.start == 30 && response.range?.end == 99 && response.range?.total == 100)
    for text in ["bytes */100", "bytes 0-9/*", "bytes -1-2/3", "bytes 0-9/99999999999999999999"] {
      response.add("Content-Range: \(text)\r\n")
      #expect(response.range == nil)
    }
    response.add("Content-Length: -1\r\n")
    #expect(response.length == nil)
  }
}
