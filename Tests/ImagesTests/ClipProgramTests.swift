import Foundation
import Testing

@testable import Images

/// What is made of the words and pixels of `ffprobe` and `ffmpeg`: by scripts in their place.
@Suite struct ClipProgramTests {
  private let folder: TemporaryFolder
  private let path = ClipFixture.path("mpeg4.mp4")

  init() throws { folder = try TemporaryFolder() }

  /// Programs that tell of `count` frames of 2 × 1 pixels and write `frames`, headers and pixels.
  private func write(
    count: Int = 2, facts: String = "duration=0.16", complaint: String = "",
    frames: [String] = ["2 1:abcdef", "2 1:ghijkl"]
  ) throws {
    let probe = """
      #!/bin/sh
      case "$*" in
      *count_frames*) echo nb_read_frames=\(count) ;;
      *) printf 'width=2\\nheight=1\\navg_frame_rate=25/2\\n\(facts)\\n' ;;
      esac
      echo "$*" >> '\(folder.path)/asked'
      \(complaint.isEmpty ? "" : "echo '\(complaint)' >&2")
      """
    let images = frames.map { frame in
      let parts = frame.split(separator: ":")
      return "P6\\n\(parts[0])\\n255\\n\(parts[1])"
    }
    let program = """
      #!/bin/sh
      touch '\(folder.path)/decoded'
      printf '\(images.joined())'
      """
    try folder.writeProgram("ffprobe", probe + "\n")
    try folder.writeProgram("ffmpeg", program + "\n")
  }

  private func decoder(
    _ images: ImageDecoder = ImageDecoder(), maxFrames: Int = 9, maxSeconds: Double = 9,
    programSeconds: Double = 60
  ) -> ClipDecoder {
    ClipDecoder(
      images: images, maxFrames: maxFrames, maxSeconds: maxSeconds, programSeconds: programSeconds,
      programPath: folder.path + ":/usr/bin:/bin")
  }

  private var isDecoded: Bool { FileManager.default.fileExists(atPath: folder.path + "/decoded") }

  @Test func whatIsSaidAndWritten() throws {
    try write()
    let clip = try decoder().open(path)
    #expect(clip.count == 2 && clip.rate == 12.5 && clip.size == ImageSize(height: 1, width: 2))
    #expect(try clip.frame(at: 1).pixels == Array("ghijkl".utf8))
    #expect(try clip.frame(at: 0).pixels == Array("abcdef".utf8))
    let grey = try decoder(ImageDecoder(isGray: true)).open(path)
    #expect(try grey.frame(at: 1).pixels == clip.frame(at: 1).gray.pixels)
    #expect(try clip.frame(at: 1).gray.pixels != Array("ghijkl".utf8))
  }

  /// One frame more than the limit is counted, and none behind it.
  @Test func framesAreCountedToTheLimit() throws {
    try write(count: 4)
    #expect(
      clipError(path, decoder(maxFrames: 3)) == "\(path): more frames than the limit of 3")
    let asked = try String(contentsOfFile: folder.path + "/asked", encoding: .utf8)
    #expect(asked.contains("-read_intervals %+#4 "))
  }

  /// What a video says of itself is held against the limits before any of it is decoded.
  @Test func limitsComeFirst() throws {
    try write()
    #expect(
      clipError(path, decoder(maxSeconds: 0.1)) == "\(path): 0.2 seconds is over the limit of 0.1")
    #expect(
      clipError(path, decoder(ImageDecoder(maxPixels: 1)))
        == "\(path): video: 2 × 1 pixels is over the limit of 1 pixels")
    #expect(!isDecoded)
    // Of all frames together, the time is the limit.
    try write(count: 1001)
    let long = try decoder(ImageDecoder(maxPixels: 2), maxFrames: 2000, maxSeconds: 900).open(path)
    #expect(long.count == 1001 && isDecoded)
  }

  @Test func framesOfAnotherSizeAreAnError() throws {
    try write(frames: ["2 1:abcdef", "1 2:ghijkl"])
    let text = clipError(path, decoder())
    #expect(text == "\(path): video: frame 1 has another size than the first one")
  }

  /// A video that is damaged somewhere is read as far as it can be, if that is asked for.
  @Test func complaintsMayBePassedOver() throws {
    try write(complaint: "bad block")
    #expect(clipError(path, decoder()) == "\(path): video: damaged: bad block")
    #expect(clipError(path, decoder(ImageDecoder(isLenient: true))) == "no error")
  }

  /// A program that nobody reads any more is killed, and what it has started.
  @Test func nothingGoesOn() throws {
    try write()
    let started = folder.path + "/started"
    let script = """
      #!/bin/sh
      sleep 60 &
      echo $! > '\(started)'
      printf 'P6\\n2 1\\n255\\nabcdef'
      wait
      """
    try folder.writeProgram("ffmpeg", script + "\n")
    var clip: (any ClipFrames)? = try decoder().open(path)
    #expect(try clip?.frame(at: 0).pixels == Array("abcdef".utf8))
    let process = try String(contentsOfFile: started, encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    var isRunning: Bool {
      let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
      return stat.map { !$0.contains(") Z ") } ?? false
    }
    #expect(isRunning)
    clip = nil
    for _ in 0..<200 where isRunning { usleep(20_000) }
    #expect(!isRunning)
  }

  /// A program may be slow, but not in all.
  @Test func allWaitsAreCounted() throws {
    try write()
    let slow = "#!/bin/sh\nfor i in 1 2 3 4 5; do printf x; sleep 0.1; done\n"
    try folder.writeProgram("ffprobe", slow)
    let text = clipError(path, decoder(programSeconds: 0.3))
    #expect(text == "\(path): video: ffprobe took more than 0.3 seconds")
  }
}
