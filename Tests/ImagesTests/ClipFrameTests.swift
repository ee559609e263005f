import Autodiff
import Foundation
import Testing

@testable import Images

/// Frames against those of Pillow, ffmpeg and the specifications, byte for byte.
@Suite struct ClipFrameTests {
  @Test func thereAreFixtures() {
    #expect(ClipFixture.all.count == 60)
    #expect(ClipFixture.names.count >= 50)
  }

  @Test(arguments: ClipFixture.names) func framesAreThoseOfTheReference(name: String) throws {
    let fixture = try #require(ClipFixture.all[name])
    let clip = try ClipDecoder().open(ClipFixture.path(name))
    #expect(clip.count == fixture.frames.count)
    #expect(clip.size == ImageSize(height: fixture.height, width: fixture.width))
    if let rate = fixture.rate {
      #expect(abs((clip.rate ?? 0) - rate) < 1e-9 * rate)
    } else {
      #expect(clip.rate == nil)
    }
    for (index, frame) in fixture.frames.enumerated() where index < clip.count {
      let found = try clip.frame(at: index).pixels
      let different = zip(found, frame).count { $0 != $1 }
      #expect(found.count == frame.count && different == 0, "frame \(index)")
    }
  }

  /// Whatever was read before, a frame is the same, also an earlier one.
  @Test(arguments: ClipFixture.names) func anyOrderGivesTheSame(name: String) throws {
    let fixture = try #require(ClipFixture.all[name])
    let clip = try ClipDecoder().open(ClipFixture.path(name))
    for index in [clip.count - 1, 0, clip.count / 2, clip.count / 2, 0] {
      #expect(try clip.frame(at: index).pixels == Array(fixture.frames[index]), "frame \(index)")
    }
  }

  @Test(arguments: ["whole.gif", "over.png", "420.y4m", "plain.avi", "folder"])
  func aGeometryIsAppliedToAFrame(name: String) throws {
    let clip = try ClipDecoder().open(ClipFixture.path(name))
    let geometry = ImageGeometry(
      region: PixelRegion(x: 1, y: 2, width: 9, height: 7),
      resized: ImageSize(height: 5, width: 6), isMirrored: true)
    let whole = try clip.frame(at: 1)
    #expect(try clip.frame(at: 1, as: geometry) == whole.applying(geometry))
  }

  @Test(arguments: ["local-palettes.gif", "over.png", "444.y4m", "plain.avi", "folder"])
  func greyFramesAreThoseOfGreyImages(name: String) throws {
    let grey = try allFrames(
      ClipFixture.path(name), ClipDecoder(images: ImageDecoder(isGray: true)))
    let colour = try allFrames(ClipFixture.path(name))
    #expect(grey == colour.map(\.gray) && grey != colour)
  }

  /// What is transparent shows the background; the rest is as it was.
  @Test func transparencyIsComposited() throws {
    let alpha = ImageDecoder.AlphaPolicy.composited(red: 10, green: 20, blue: 30)
    let decoder = ClipDecoder(images: ImageDecoder(alpha: alpha))
    for name in ["dispose-first-background.gif", "first-previous.png"] {
      let dropped = try allFrames(ClipFixture.path(name))
      let shown = try allFrames(ClipFixture.path(name), decoder)
      #expect(shown != dropped)
      var backgrounds = 0
      for pixel in stride(from: 0, to: shown[0].pixels.count, by: 3)
      where Array(shown[0].pixels[pixel..<pixel + 3]) == [10, 20, 30] { backgrounds += 1 }
      #expect(backgrounds > 10 && backgrounds < shown[0].pixels.count / 3, "\(name)")
    }
    let opaque = ClipFixture.path("rgb.png")
    #expect(try allFrames(opaque, decoder)[0] == allFrames(opaque)[0])
  }

  /// "Over", worked out by hand: weights of 255 · 77 and 178 · 130 of 65025 make an alpha of 167.7.
  @Test func halfTransparentOverHalfTransparent() {
    let one = PixelRegion(x: 0, y: 0, width: 1, height: 1)
    var canvas = ClipCanvas(ImageSize(height: 1, width: 1), RGBA(10, 20, 30, 130))
    canvas.blend([RGBA(100, 50, 0, 77)], over: one)
    #expect(canvas[one] == [RGBA(51, 34, 16, 168)])
  }

  @Test func namesAreInTheOrderOfTheirNumbers() {
    let sorted = [
      "01.png", "1.png", "2.png", "10.png", "a1b2", "a1b10", "a2b1", "frame", "frame0", "frame9",
      "frame10", "frame99999999999999999999", "frame100000000000000000000", "frame-1", "frames",
    ]
    #expect(sorted.shuffled().sorted(by: precedesNaturally) == sorted)
    #expect(precedesNaturally("frame1", "frame01a") && !precedesNaturally("frame01a", "frame1"))
  }

  @Test func secondsFollowFromTheRate() throws {
    let clip = try ClipDecoder().open(ClipFixture.path("times.gif"))
    #expect(clip.rate == 4 && clip.seconds == 0.75)
  }
}
