import Foundation
import Testing

@testable import Images

#if canImport(Glibc)
  import Glibc
#endif

/// Whatever may lie in a folder of images: an error with its path, and no waiting.
@Suite struct DecodeFileTests {
  @Test func whatIsNoRegularFileIsNamed() throws {
    try withTemporaryDirectory { directory in
      #expect(
        errorText(path: directory) == "\(directory): expected a regular file, found a directory")
      let pipe = directory + "/pipe.jpg"
      #expect(mkfifo(pipe, 0o600) == 0)
      let start = ContinuousClock.now
      #expect(errorText(path: pipe) == "\(pipe): expected a regular file, found a pipe")
      #expect(ContinuousClock.now - start < .seconds(5))
    }
    #expect(
      errorText(path: "/dev/zero") == "/dev/zero: expected a regular file, found a device")
  }

  @Test func whatCannotBeOpenedIsNamed() throws {
    try withTemporaryDirectory { directory in
      let missing = directory + "/missing.jpg"
      #expect(errorText(path: missing) == "\(missing): cannot open: No such file or directory")
      let loop = directory + "/loop.jpg"
      #expect(symlink("loop.jpg", loop) == 0)
      #expect(
        errorText(path: loop) == "\(loop): cannot open: Too many levels of symbolic links")
      let long = directory + "/" + String(repeating: "n", count: 256)
      #expect(errorText(path: long) == "\(long): cannot open: File name too long")
    }
    #expect(errorText(path: "") == ": cannot open: No such file or directory")
    #expect(errorText(path: "a\0b") == "a\\u{0}b: a path cannot hold a zero byte")
  }

  /// The system says of its own files that they have no bytes, and then there are some.
  @Test(.enabled(if: access("/proc/self/status", R_OK) == 0))
  func aFileThatGrowsIsAnError() {
    #expect(
      errorText(path: "/proc/self/status")
        == "/proc/self/status: changed while it was read: expected 0 bytes, found more")
  }

  @Test(.disabled(if: geteuid() == 0, "root may read every file"))
  func permissionIsAskedFor() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/locked.jpg"
      try write([1], to: path)
      #expect(chmod(path, 0) == 0)
      #expect(errorText(path: path) == "\(path): cannot open: Permission denied")
    }
  }

  @Test func anyNameIsReadAndShownInOneLine() throws {
    let bytes = try DecodeFixtures.bytes("one.png")
    try withTemporaryDirectory { directory in
      let names = ["new\nline", "tab\t", "süß 犬 🐕", String(repeating: "n", count: 255)]
      for name in names {
        let path = directory + "/" + name
        try write(bytes, to: path)
        #expect(errorText(path: path) == "no error")
        try write([], to: path)
        let text = errorText(path: path)
        #expect(text.hasSuffix(": expected \(ImageFormat.readNames), found an empty file"))
        #expect(!text.contains(where: \.isNewline) && !text.contains("\t"))
      }
    }
    let error = ImageError(path: "a\nb\r\u{2028}\u{1B}[31m\u{202E}é", reason: "c\n")
    #expect(error.description == "a\\nb\\r\\u{2028}\\u{1b}[31m\\u{202e}é: c\\n")
  }
}
