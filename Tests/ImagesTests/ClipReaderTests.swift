import Autodiff
import Foundation
import Testing

@testable import Images

/// Clips through `ClipReader`, against `ImageReader` on each of their frames.
@Suite struct ClipReaderTests {
  private let folder: TemporaryFolder
  private let size = ImageSize(height: 6, width: 8)

  init() throws { folder = try TemporaryFolder() }

  private func numbers(
    _ reader: any ExampleReader, _ path: String, random: Random = Random(seed: 3)
  ) throws -> (numbers: [Float], notes: [String]) {
    var values = [Float](repeating: .nan, count: reader.shape.elementCount)
    var notes: [String] = []
    try values.withUnsafeMutableBufferPointer {
      let request = ExampleRequest(Example(path: path, label: 0, index: 0), random: random)
      try reader.read(request, at: 1, of: 2, into: $0) { notes.append("\($0)") }
    }
    return (values, notes)
  }

  /// One draw for a clip: each frame is what the image transform makes of it alone.
  @Test func framesAreThoseOfImages() throws {
    let transform = TrainingTransform(
      crop: RandomResizedCrop(size: size),
      policy: try AugmentationPolicy("rand-m9-mstd0.5-inc1"), jitter: 0.4)
    let erasing = RandomErasing(probability: 1)
    let images = ImageReader(transform: transform, erasing: erasing)
    let sampling = ClipSampling(frames: 4, stride: 2)
    let clips = ClipReader(sampling: sampling, transform: transform, erasing: erasing)
    #expect(clips.shape == [4, 3, 6, 8])
    let indices = sampling.indices(of: 11)[0]
    #expect(indices == [1, 3, 6, 8])
    for seed in 0..<20 {
      let random = Random(seed: UInt64(seed))
      let found = try numbers(clips, ClipFixture.path("folder"), random: random)
      let expected = try indices.flatMap { index in
        let name = "frame\(index + 1)." + ((index + 1) % 3 == 0 ? "jpg" : "png")
        return try numbers(images, ClipFixture.path("folder/\(name)"), random: random).numbers
      }
      #expect(found.numbers == expected && found.notes.isEmpty)
    }
  }

  @Test func viewsComeOneAfterAnother() throws {
    let transform = EvaluationTransform(size: size)
    let dense = ClipReader(
      sampling: ClipSampling(frames: 2, stride: 1, placement: .dense(2)), transform: transform)
    #expect(dense.shape == [2, 2, 3, 6, 8])
    let one = ClipSampling(frames: 2, stride: 1, placement: .dense(1))
    #expect(ClipReader(sampling: one, transform: transform).shape == [1, 2, 3, 6, 8])
    let path = ClipFixture.path("plain.avi")
    let whole = ClipReader(
      sampling: ClipSampling(frames: 3, placement: .first), transform: transform)
    let frames = try numbers(whole, path).numbers
    let step = 3 * 6 * 8
    // Of places 0 and 1: from 0 on, and from 0.5 on, which is 0 as well.
    let view = frames[..<(2 * step)]
    #expect(try numbers(dense, path).numbers == Array(view + view))
  }

  /// Two spans of a clip of 11 frames, three crops of each, in this order: 12 × 10 pixels become
  /// 24 × 20, of which 20 × 20 are left, in the middle and right.
  @Test func cropsAreAlongTheLongerSide() throws {
    let square = ImageSize(height: 20, width: 20)
    let frames = ImageReader(transform: EvaluationTransform(size: square))
    let reader = ClipReader(
      frames, ClipDecoder(), ClipSampling(frames: 1, stride: 4, placement: .dense(2)),
      crops: SideCrop.all(size: square, resampling: .bicubic))
    #expect(reader.shape == [6, 1, 3, 20, 20] && reader.views == 6)
    let path = ClipFixture.path("folder")
    let clip = try ClipDecoder().open(path)
    let found = try numbers(reader, path).numbers
    let images = try reader.images(at: path)
    #expect(images.map(\.count) == Array(repeating: 1, count: 6))
    let size = clip.size
    let scaled = ImageSize(covering: square, width: size.width, height: size.height)
    let room = [scaled.height - 20, scaled.width - 20]
    #expect(room.max() ?? 0 > 1 && room.min() == 0, "\(size): frames are not square")
    var expected: [Float] = []
    for index in [0, 3] {  // ⌊k / 2 · (11 − 4)⌋
      let whole = try clip.frame(at: index).resized(
        width: scaled.width, height: scaled.height, resampling: .bicubic)
      for place in 0..<3 {
        let region = PixelRegion(
          x: room[1] * place / 2, y: room[0] * place / 2, width: 20, height: 20)
        expected += frames.normalization.tensor(whole.cropped(to: region)).elements
      }
    }
    #expect(found == expected)
  }

  @Test func randomFramesAreOfTheSeed() throws {
    let reader = ClipReader(
      sampling: ClipSampling(frames: 2, placement: .random),
      transform: EvaluationTransform(size: size))
    let path = ClipFixture.path("folder")
    var found: Set<[Float]> = []
    for seed in 0..<20 {
      let random = Random(seed: UInt64(seed))
      let one = try numbers(reader, path, random: random).numbers
      #expect(try numbers(reader, path, random: random).numbers == one)
      found.insert(one)
    }
    #expect(found.count > 5)
  }

  @Test func repeatedFramesAreNoted() throws {
    let reader = ClipReader(
      sampling: ClipSampling(frames: 8), transform: EvaluationTransform(size: size))
    let path = ClipFixture.path("plain.avi")
    let (values, notes) = try numbers(reader, path)
    #expect(
      notes == ["\(path): 3 frames, of which 3 make 8 at a stride of 1: the last one is repeated"])
    let step = 3 * 6 * 8
    #expect(values[(7 * step)...].elementsEqual(values[(2 * step)..<(3 * step)]))
    #expect(!values[..<step].elementsEqual(values[step..<(2 * step)]))
    // A span of four frames, of which the clip has three: 0 and 2, none of them twice.
    let two = ClipReader(
      sampling: ClipSampling(frames: 2, stride: 2), transform: EvaluationTransform(size: size))
    #expect(try numbers(two, path).notes.isEmpty)
  }

  /// As for images, the first half of a batch may be spared; and one more repeated frame is noted.
  @Test func whatIsErasedAndNoted() throws {
    let sampling = ClipSampling(frames: 4)
    let path = ClipFixture.path("plain.avi")
    func numbers(_ erasing: RandomErasing?, at place: Int) throws -> [Float] {
      let reader = ClipReader(
        sampling: sampling, transform: EvaluationTransform(size: size), erasing: erasing)
      var (values, notes) = ([Float](repeating: .nan, count: reader.shape.elementCount), 0)
      try values.withUnsafeMutableBufferPointer {
        let request = ExampleRequest(
          Example(path: path, label: 0, index: 0), random: Random(seed: 3))
        try reader.read(request, at: place, of: 4, into: $0) { _ in notes += 1 }
      }
      #expect(notes == 1)
      return values
    }
    let plain = try numbers(nil, at: 0)
    let erased = try numbers(RandomErasing(probability: 1), at: 0)
    #expect(erased != plain)
    let erasing = RandomErasing(probability: 1, sparesFirstHalf: true)
    for place in 0..<4 {
      #expect(try numbers(erasing, at: place) == (place < 2 ? plain : erased))
    }
  }

  /// A transform that gives another size than its own is an error, not memory that is overwritten.
  @Test func anotherSizeIsAnError() throws {
    struct Wrong: ImageTransform {
      let size = ImageSize(height: 6, width: 8)
      func geometry(of image: ImageSize, random: Random) -> ImageGeometry {
        ImageGeometry(
          region: PixelRegion(wholeOf: image), resized: ImageSize(height: 8, width: 6))
      }
    }
    let path = ClipFixture.path("whole.gif")
    let reader = ClipReader(sampling: ClipSampling(frames: 2), transform: Wrong())
    let error = #expect(throws: DatasetError.self) { try numbers(reader, path) }
    #expect(error?.path == path && error?.reason.hasPrefix("the transform gave ") == true)
  }

  @Test func oneChannelIsGrey() throws {
    let normalization = try Normalization(mean: [0], std: [1])
    let reader = ClipReader(
      sampling: ClipSampling(frames: 2), transform: EvaluationTransform(size: size),
      normalization: normalization)
    #expect(reader.shape == [2, 1, 6, 8])
    let clip = try ClipDecoder().open(ClipFixture.path("444.y4m"))
    let image = EvaluationTransform(size: size)(
      try clip.frame(at: 0).gray, random: Random(seed: 0))
    let values = try numbers(reader, ClipFixture.path("444.y4m")).numbers
    #expect(Array(values[..<48]) == normalization.tensor(image).elements)
  }

  /// A bad clip ends the loader, or is left out of its batch.
  @Test func badClipsAreLeftOutAsImagesAre() throws {
    try folder.write("bad.gif", Array(ClipFixture.bytes("whole.gif").dropLast(40)))
    let reader = ClipReader(
      sampling: ClipSampling(frames: 3), transform: EvaluationTransform(size: size))
    let paths = [
      ClipFixture.path("whole.gif"), "\(folder.path)/bad.gif", ClipFixture.path("rgb.png"),
    ]
    func loader(_ bad: BadImages) -> BatchLoader {
      BatchLoader(
        order: paths.enumerated().map {
          ExampleRequest(Example(path: $1, label: $0, index: $0), random: Random(seed: 0))
        }, reader: reader, batchSize: 3, workers: 2, badImages: bad)
    }
    let batch = try #require(try loader(.skip).next())
    #expect(batch.labels == [0, 2] && batch.inputs.shape == [2, 3, 3, 6, 8])
    #expect(
      batch.failures.map { "\($0)" } == [
        "\(folder.path)/bad.gif: damaged GIF: ends within the data of frame 2"
      ])
    #expect(throws: SampleError.self) { try loader(.error).next() }
  }
}
