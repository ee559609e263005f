import Autodiff
import Images
import Testing

/// Damaged data is an error: never pixels that were made up, never the end of the process.
@Suite struct DecodeDamageTests {
  static let sound = [
    "rgb8.png", "rgb8-interlaced.png", "palette4-trns.png", "gray1.png", "exif-after.png",
    "rgba16.png", "ycc420.jpg", "progressive.jpg", "gray-progressive.jpg", "cmyk.jpg",
    "restarts.jpg", "gzipped.jpg", "gzipped.png", "lossy.webp", "lossless-alpha.webp",
    "animated-corner.webp", "exif-6.webp", "arithmetic.jpg",
  ]

  @Test(arguments: sound)
  func everyTruncationIsAnError(name: String) throws {
    let bytes = try DecodeFixtures.bytes(name)
    for count in 0..<bytes.count {
      // A gzip trailer is 8 bytes: without it the image is whole, but the file is not.
      let text = errorText(Array(bytes.prefix(count)), name: name)
      #expect(text.hasPrefix("\(name): "), "\(count) of \(bytes.count) bytes: \(text)")
    }
  }

  @Test func whatIsMissingOrLeftOverIsSaid() throws {
    let png = try DecodeFixtures.bytes("rgb8.png")
    for count in [1, 7, 8, 20, 33, 60, png.count - 12, png.count - 1] {
      #expect(
        errorText(Array(png.prefix(count)))
          == "x: damaged PNG: ends after \(count) bytes, before the image does")
    }
    let jpeg = try DecodeFixtures.bytes("ycc420.jpg")
    for count in [700, jpeg.count - 2, jpeg.count - 1] {
      #expect(
        errorText(Array(jpeg.prefix(count))) == "x: damaged JPEG: Premature end of JPEG file")
    }
    let gzip = try DecodeFixtures.bytes("gzipped.jpg")
    for count in [2, 300, gzip.count - 1] {
      #expect(errorText(Array(gzip.prefix(count))) == "x: damaged gzip data: ends too early")
    }
  }

  /// A checksum covers every chunk, and whatever is outside of one is checked too.
  @Test(arguments: ["rgb8.png", "palette4-trns.png", "exif-before.png"])
  func everyChangedByteOfAPNGIsAnError(name: String) throws {
    let bytes = try DecodeFixtures.bytes(name)
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 0x55
      #expect(errorText(changed) != "no error", "byte \(index)")
    }
  }

  /// One changed bit anywhere but in the signature, in files of every form: an error whether all
  /// of the image is decoded or only its upper left pixel.
  @Test func everyChangedBitOfAPNGIsAnErrorWhateverThePart() throws {
    let names = DecodeFixtures.names.filter { $0.hasSuffix(".png") && $0 != "gzipped.png" }
    #expect(names.count > 50)
    for name in names {
      let bytes = try DecodeFixtures.bytes(name)
      var random = Random(seed: 12).split(name)
      for _ in 0..<(10_000 / names.count + 1) {
        let bit = 64 + random.below(8 * (bytes.count - 8))
        var changed = bytes
        changed[bit / 8] ^= 1 << (bit % 8)
        #expect(errorText(changed) != "no error", "\(name): bit \(bit)")
        #expect(cornerErrorText(changed) != "no error", "\(name): bit \(bit), a part")
      }
    }
  }

  /// The text of the error for the upper left pixel alone.
  private func cornerErrorText(_ bytes: [UInt8]) -> String {
    do {
      _ = try ImageDecoder().decode(bytes, name: "x") { _ in
        ImageGeometry(
          region: PixelRegion(x: 0, y: 0, width: 1, height: 1),
          resized: ImageSize(height: 1, width: 1))
      }
      return "no error"
    } catch { return "\(error)" }
  }

  /// Damage that no checksum shows, since whoever damaged the file made them anew.
  @Test func damageWithRightChecksumsIsFoundWhateverThePart() throws {
    let rows = [UInt8](repeating: 0, count: 40 * 121)
    let stream = RawPNG.stored(rows)
    func png(_ data: [UInt8]) -> [UInt8] {
      RawPNG.signature
        + RawPNG.chunk("IHDR", RawPNG.header(width: 40, height: 40, bits: 8, colour: 2))
        + RawPNG.chunk("IDAT", data) + RawPNG.chunk("IEND", [])
    }
    #expect(cornerErrorText(png(stream)) == "no error")
    var wrongFilter = stream
    wrongFilter[7 + 39 * 121] = 5  // of the last row
    var wrongSum = stream
    wrongSum[wrongSum.count - 1] ^= 1
    for damaged in [wrongFilter, wrongSum, stream.dropLast(900), RawPNG.stored(rows.dropLast(121))]
    {
      let text = errorText(png(Array(damaged)))
      #expect(text.hasPrefix("x: damaged PNG: "))
      #expect(cornerErrorText(png(Array(damaged))) == text)
    }
    // A colour that is not there, outside of the part.
    let palette = try DecodeFixtures.bytes("bad-palette-index.png")
    #expect(cornerErrorText(palette) == errorText(palette))
  }

  /// What libjpeg warns about although it has all pixels is read as Pillow reads it, and noted.
  @Test(arguments: [
    ("note-before-end.jpg", "Corrupt JPEG data: 5 extraneous bytes before marker 0xd9"),
    ("note-between-scans.jpg", "Corrupt JPEG data: 7 extraneous bytes before marker 0xda"),
    ("note-scan-parameters.jpg", "Invalid SOS parameters for sequential JPEG"),
    ("note-adobe-transform.jpg", "Unknown Adobe color transform code 7"),
    ("note-large.jpg", "Corrupt JPEG data: 36 extraneous bytes before marker 0xd9"),
  ])
  func harmlessWarningsAreNoted(name: String, note: String) throws {
    let bytes = try DecodeFixtures.bytes(name)
    var notes: [String] = []
    _ = try ImageDecoder().decode(bytes, name: "x", noting: { notes.append("\($0)") })
    #expect(notes == ["x: JPEG: \(note)"])
    let corner = ImageGeometry(
      region: PixelRegion(x: 0, y: 0, width: 1, height: 1), resized: ImageSize(1))
    _ = try ImageDecoder().decode(bytes, name: "x", as: { _ in corner }) { notes.append("\($0)") }
    #expect(notes.count == 2 && notes[1] == notes[0], "for a part as well")
    let sound = try DecodeFixtures.bytes("ycc420.jpg")
    _ = try ImageDecoder().decode(sound, name: "x", noting: { notes.append("\($0)") })
    #expect(notes.count == 2)
  }

  /// JPEG has no checksum: a changed byte may pass, but must not crash or hang.
  @Test(arguments: ["ycc420.jpg", "progressive.jpg", "cmyk.jpg", "exif-6.jpg", "arithmetic.jpg"])
  func anyChangedByteOfAJPEGIsSurvived(name: String) throws {
    let bytes = try DecodeFixtures.bytes(name)
    let lenient = ImageDecoder(isLenient: true, maxPixels: 1 << 16)
    var errors = 0
    for index in bytes.indices {
      for change: UInt8 in [0x01, 0x80, 0xFF] {
        var changed = bytes
        changed[index] ^= change
        errors += errorText(changed, ImageDecoder(maxPixels: 1 << 16)) == "no error" ? 0 : 1
        _ = errorText(changed, lenient)
      }
    }
    #expect(errors > 100)
  }

  /// Nor has WebP.
  @Test(arguments: ["exif-6.webp", "lossless-alpha.webp", "animated-corner.webp"])
  func anyChangedByteOfAWebPIsSurvived(name: String) throws {
    let bytes = try DecodeFixtures.bytes(name)
    var errors = 0
    for index in bytes.indices {
      for change: UInt8 in [0x01, 0xFF] {
        var changed = bytes
        changed[index] ^= change
        errors += errorText(changed, ImageDecoder(maxPixels: 1 << 16)) == "no error" ? 0 : 1
      }
    }
    #expect(errors > 20)
  }

  @Test func wrongChecksumsAreSaid() throws {
    var bytes = try DecodeFixtures.bytes("rgb8.png")
    bytes[bytes.count - 13] ^= 1  // of the checksum itself
    #expect(errorText(bytes) == "x: damaged PNG: IDAT: CRC error")
    var header = try DecodeFixtures.bytes("rgb8.png")
    header[29] ^= 1
    #expect(errorText(header) == "x: damaged PNG: IHDR: CRC error")
  }

  @Test func wrongCompressedDataIsSaid() {
    let rows = [UInt8](repeating: 0, count: 2 * 7)
    let header = RawPNG.chunk("IHDR", RawPNG.header(width: 2, height: 2, bits: 8, colour: 2))
    let end = RawPNG.chunk("IEND", [])
    func text(_ data: [UInt8]) -> String {
      errorText(RawPNG.signature + header + RawPNG.chunk("IDAT", data) + end)
    }
    let stream = RawPNG.stored(rows)
    #expect(text(stream) == "no error")
    var wrongSum = stream
    wrongSum[wrongSum.count - 1] ^= 1
    #expect(text(wrongSum) == "x: damaged PNG: IDAT: incorrect data check")
    // In a chunk of its own, the sum is only looked at after the last row.
    let sum = RawPNG.chunk("IDAT", Array(wrongSum.suffix(4)))
    let rest = RawPNG.chunk("IDAT", wrongSum.dropLast(4))
    #expect(
      errorText(RawPNG.signature + header + rest + sum + end)
        == "x: damaged PNG: IDAT: incorrect data check")
    var wrongBlock = stream
    wrongBlock[2] = 7
    #expect(text(wrongBlock) == "x: damaged PNG: IDAT: invalid block type")
    var wrongHeader = stream
    wrongHeader[0] = 0
    #expect(text(wrongHeader).hasPrefix("x: damaged PNG: IDAT: "))
    #expect(text(RawPNG.stored(Array(rows.prefix(7)))) == "x: damaged PNG: Not enough image data")
    // All pixels are known: data beyond them is let pass, as Pillow does.
    #expect(text(RawPNG.stored(rows + rows)) == "no error")
  }

  @Test func paletteIndexWithoutColourIsAnError() throws {
    let bytes = try DecodeFixtures.bytes("bad-palette-index.png")
    #expect(
      errorText(bytes)
        == "x: damaged PNG: colour 3 of a palette of 3 is used (they count from 0)")
  }

  @Test func lenientPadsATruncatedJPEG() throws {
    let bytes = try DecodeFixtures.bytes("ycc444.jpg")
    let whole = try ImageDecoder().decode(bytes, name: "x")
    let lenient = ImageDecoder(isLenient: true)
    let most = try lenient.decode(Array(bytes.dropLast(60)), name: "x")
    #expect(most.width == whole.width && most.height == whole.height)
    #expect(most.pixels.prefix(3 * 8) == whole.pixels.prefix(3 * 8))
    #expect(most != whole)
    #expect(try lenient.decode(Array(bytes.dropLast(2)), name: "x") == whole)
    // PNG stays strict.
    let png = try DecodeFixtures.bytes("rgb8.png")
    #expect(errorText(Array(png.dropLast(1)), lenient) != "no error")
  }
}
