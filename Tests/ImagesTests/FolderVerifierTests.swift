import Autodiff
import Foundation
import Testing

@testable import Images

/// What there is in a folder of known images.
@Suite struct FolderVerifierTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for (name, fixture) in [
      ("train/a/1.png", "rgb8.png"), ("train/a/2.jpg", "exif-6.jpg"), ("train/a/0.png", "rgb8.png"),
      ("train/b/3.jpg", "gzipped.jpg"), ("val/a/deep/4.png", "gray16.png"),
      ("val/b/5.jpg", "cmyk.jpg"),
      ("val/b/6.png", "exif-after.png"), ("7.png", "palette4-trns.png"),
      ("val/b/8.jpg", "exif-9.jpg"),
    ] { try folder.write(name, DecodeFixtures.bytes(fixture)) }
    // Bad: only its last bytes are missing; no image at all.
    try folder.write("train/b/9.jpg", DecodeFixtures.bytes("ycc420.jpg").dropLast(2))
    try folder.write("val/a/x.png")
    // Passed over.
    for name in ["notes.txt", "train/b/z.bmp", "train/.DS_Store", ".git/1.png", "README"] {
      try folder.write(name)
    }
    try folder.link("val/a/loop", to: "..")
  }

  private func report(threads: Int) throws -> (FolderReport, [ImageError]) {
    var bad: [ImageError] = []
    let verifier = FolderVerifier(decoder: ImageDecoder(), pool: WorkerPool(threads: threads))
    return (try verifier(folder.path, bad: { bad.append($0) }), bad)
  }

  @Test func everythingIsCounted() throws {
    let (report, bad) = try report(threads: 2)
    #expect(report.images == 9)
    #expect(
      report.bad == [
        FolderReport.BadImage(
          ImageError(
            path: folder.path + "/train/b/9.jpg",
            reason: "damaged JPEG: Premature end of JPEG file")),
        FolderReport.BadImage(
          ImageError(
            path: folder.path + "/val/a/x.png",
            reason: "expected \(ImageFormat.readNames), found data beginning 01")),
      ])
    #expect(bad.map(\.path) == report.bad.map(\.path))
    #expect(report.formats == ["PNG": 5, "JPEG": 3, "JPEG in gzip": 1])
    #expect(
      report.modes == ["RGB": 6, "gray 16-bit": 1, "CMYK": 1, "palette 4-bit": 1])
    #expect(report.orientations == ["6": 2, "9": 1, "none": 6])
    #expect(report.classes["train"] == ["a": 3, "b": 1])
    #expect(report.classes["val"] == ["a": 1, "b": 3] && report.classes[""] == ["": 1])
    #expect(report.duplicates == [["train/a/0.png", "train/a/1.png"]])
    #expect(report.others == [".txt": 1, ".bmp": 1, "": 1])
    #expect(report.sizes.values.reduce(0, +) == 9 && report.largest == [17, 13])
    // The same whoever reads them.
    #expect(try self.report(threads: 1).0 == report)
  }

  @Test func classesInTwoUnicodeFormsAreTwo() throws {
    for name in ["caf\u{E9}", "cafe\u{301}", "\u{FC}", "cafe\u{301}/x"] {
      try folder.write("val/\(name)/1.png", DecodeFixtures.bytes("rgb8.png"))
    }
    let (report, _) = try report(threads: 1)
    #expect(
      report.classes["val"]
        == ["a": 1, "b": 3, "caf\\u{e9}": 1, "cafe\\u{301}": 2, "\u{FC}": 1])
  }

  @Test func nothingToVerifyIsAnError() throws {
    try folder.makeFolder("empty")
    let verifier = FolderVerifier(decoder: ImageDecoder(), pool: WorkerPool(threads: 1))
    #expect(
      throws: DatasetError(
        path: folder.path + "/empty", reason: "no \(ImageFormat.readNames) images in it")
    ) { try verifier(folder.path + "/empty") }
    #expect(throws: DatasetError.self) { try verifier(folder.path + "/7.png") }
  }

  @Test(arguments: ["gray1.png", "gray2-trns.png", "ga8.png", "rgba16.png", "palette1.png"])
  func modesOfPNG(name: String) throws {
    let header = ImageHeader(try DecodeFixtures.bytes(name), name: name, maxBytes: 1 << 20)
    let modes = [
      "gray1.png": "gray 1-bit", "gray2-trns.png": "gray 2-bit", "ga8.png": "gray+alpha",
      "rgba16.png": "RGBA 16-bit", "palette1.png": "palette 1-bit",
    ]
    #expect(header?.mode == modes[name] && header?.format == "PNG")
  }

  /// Bytes cut off or changed never trap, whatever they say.
  @Test(arguments: ["exif-6.jpg", "exif-after.png", "gzipped.jpg"])
  func anyBytesAreSurvived(name: String) throws {
    let bytes = try DecodeFixtures.bytes(name)
    for index in 0..<min(bytes.count, 600) {
      for value: UInt8 in [0, 0x7F, 0xFF] {
        var changed = bytes
        changed[index] = value
        _ = ImageHeader(changed, name: name, maxBytes: 1 << 20)
      }
      _ = ImageHeader(Array(bytes.prefix(index)), name: name, maxBytes: 1 << 20)
    }
  }
}
