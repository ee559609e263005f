import Autodiff
import Foundation
import Testing

@testable import Images

@Suite(.timeLimit(.minutes(1))) struct LoaderTests {
  private static let size = ImageSize(height: 5, width: 6)

  private func requests(_ count: Int) -> [ExampleRequest] {
    (0..<count).map { i in
      ExampleRequest(
        Example(path: "/images/\(i).png", label: i % 3, index: 100 + i),
        random: Random(seed: 7).split(i))
    }
  }

  /// A made-up image that depends on everything in the request.
  @Sendable private static func image(_ request: ExampleRequest) -> RGBImage {
    var random = request.random
    if random.next() % 5 == 0 { Thread.sleep(forTimeInterval: 0.001) }  // out of step
    return RGBImage(
      width: 6, height: 5,
      pixels: (0..<90).map { _ in
        UInt8(truncatingIfNeeded: random.next() &+ UInt64(request.example.index))
      })
  }

  private func loader(
    _ count: Int, batchSize: Int = 7, workers: Int, bound: Int = 3, badImages: BadImages = .error,
    image: @escaping @Sendable (ExampleRequest) throws -> RGBImage = LoaderTests.image
  ) -> BatchLoader {
    BatchLoader(
      order: requests(count), reader: MadeUpImages(size: Self.size, image: image),
      batchSize: batchSize, workers: workers, batchesInFlight: bound, badImages: badImages)
  }

  private func all(_ loader: BatchLoader) throws -> [Batch] {
    var batches: [Batch] = []
    while let batch = try loader.next() { batches.append(batch) }
    return batches
  }

  @Test(arguments: [0, 1, 3], [1, 2, 50])
  func batchesAreTheSameForAnyNumberOfWorkers(workers: Int, bound: Int) throws {
    let loader = loader(38, workers: workers, bound: bound)
    #expect(loader.batchCount == 6)
    let batches = try all(loader)
    #expect(batches.map(\.count) == [7, 7, 7, 7, 7, 3])
    #expect(batches.flatMap(\.indices) == Array(100..<138))
    let labels = (0..<38).map { $0 % 3 }
    #expect(batches.flatMap(\.labels) == labels)
    let expected = requests(38).flatMap { Normalization.imageNet.tensor(Self.image($0)).elements }
    let same = batches.flatMap(\.inputs.elements) == expected
    #expect(same)
    let after = try loader.next()
    #expect(after == nil)
  }

  @Test(arguments: [0, 2]) func noSamplesNoBatches(workers: Int) throws {
    let batch = try loader(0, workers: workers).next()
    #expect(batch == nil)
  }

  struct Broken: Error {}

  @Test(arguments: [0, 1, 3]) func anErrorComesAtItsPlace(workers: Int) throws {
    let loader = loader(38, workers: workers) { request in
      if [116, 120, 130].contains(request.example.index) { throw Broken() }
      if request.example.index == 116 - 2 { Thread.sleep(forTimeInterval: 0.02) }
      return Self.image(request)
    }
    for expected in [Array(100..<107), Array(107..<114)] {
      let batch = try loader.next()
      #expect(batch?.indices == expected)
    }
    let error = #expect(throws: SampleError.self) { try loader.next() }
    #expect(error?.path == "/images/16.png" && error?.index == 116)
    #expect(error.map { "\($0)" } == "/images/16.png: Broken()")
    #expect(error?.underlying is Broken)
    let after = try loader.next()
    #expect(after == nil)
  }

  @Test func anErrorThatNamesTheFileNamesItOnce() {
    let errors: [any Error] = [
      ImageError(path: "/a/b.png", reason: "is broken"),
      DatasetError(path: "/a/b.png", reason: "is broken"),
    ]
    for inner in errors {
      let error = SampleError(path: "/a/b.png", index: 3, underlying: inner)
      #expect("\(error)" == "/a/b.png: is broken")
    }
    let other = ImageError(path: "/c.png", reason: "is broken")
    let error = SampleError(path: "/a/b.png", index: 3, underlying: other)
    #expect("\(error)" == "/a/b.png: /c.png: is broken")
  }

  @Test(arguments: [0, 3]) func badImagesCanBeLeftOutAndAreReported(workers: Int) throws {
    let bad = [101, 103, 106, 114, 115, 116, 117, 118, 119, 120]
    let loader = loader(24, workers: workers, badImages: .skip) { request in
      if bad.contains(request.example.index) { throw Broken() }
      return Self.image(request)
    }
    let batches = try all(loader)
    #expect(batches.map(\.count) == [4, 7, 0, 3])
    #expect(batches.flatMap { $0.failures.map(\.index) } == bad)
    #expect(batches.flatMap(\.indices) == (100..<124).filter { !bad.contains($0) })
    let good = requests(24).filter { !bad.contains($0.example.index) }
    let same =
      batches.flatMap(\.inputs.elements)
      == good.flatMap { Normalization.imageNet.tensor(Self.image($0)).elements }
    #expect(same)
  }

  @Test func aReaderSeesNumbersRequestAndPlace() throws {
    struct Places: ExampleReader {
      let shape: Shape = [2, 45]
      func read(
        _ request: ExampleRequest, at place: Int, of count: Int,
        into numbers: UnsafeMutableBufferPointer<Float>, noting: (any Error) -> Void
      ) {
        numbers[1] = Float(request.example.index * numbers.count)
        numbers[2] = place < count / 2 ? 1 : Float(place + 10 * count)
      }
    }
    let loader = BatchLoader(order: requests(5), reader: Places(), batchSize: 2, workers: 2)
    let images = try all(loader).flatMap(\.inputs.elements)
    let changed = (0..<5).map { images[90 * $0 + 1] }
    #expect(changed == [9000, 9090, 9180, 9270, 9360])
    let places = (0..<5).map { images[90 * $0 + 2] }
    #expect(places == [1, 21, 1, 21, 10])
  }

  @Test func noMoreBatchesThanTheBoundAreBegun() throws {
    let started = Counter()
    let loader = loader(70, workers: 3, bound: 2) { request in
      started.add(1)
      return Self.image(request)
    }
    _ = try loader.next()
    for _ in 0..<500 where started.value < 21 { Thread.sleep(forTimeInterval: 0.01) }
    Thread.sleep(forTimeInterval: 0.05)
    #expect(started.value == 21)  // one read, two under way
    withExtendedLifetime(loader) {}
  }

  /// However long the order is: images that were begun and are in no batch that was read.
  @Test(arguments: [0, 1, 3]) func memoryDoesNotDependOnTheNumberOfImages(workers: Int) throws {
    let live = Counter()
    let loader = loader(2100, workers: workers, bound: 2) { request in
      live.add(1)
      return Self.image(request)
    }
    var most = 0
    while let batch = try loader.next() {
      live.add(-batch.count)
      if batch.indices[0] % 210 == 2 {  // time to run ahead
        for _ in 0..<100 where workers > 0 && live.value == 0 {
          Thread.sleep(forTimeInterval: 0.01)
        }
        Thread.sleep(forTimeInterval: 0.01)
      }
      most = max(most, live.value)
    }
    #expect(live.value == 0 && most <= 2 * 7)
    #expect(workers == 0 ? most == 0 : most > 0)
  }

  /// However many images there are, the same memory is used for their batches.
  ///
  /// Four buffers do: two under way, one that is read, one to be freed. Tests that run beside it
  /// take buffers of that size from the same pool and give others back, so that more may be seen.
  @Test func batchesShareAFewBuffers() throws {
    let size = ImageSize(height: 91, width: 173)
    let image = countingImage(width: 173, height: 91)
    let loader = BatchLoader(
      order: requests(300), reader: MadeUpImages(size: size) { _ in image }, batchSize: 3,
      workers: 2, batchesInFlight: 2)
    var places: Set<UnsafePointer<Float>?> = []
    while let batch = try loader.next() {
      places.insert(batch.inputs.withUnsafeBufferPointer { $0.baseAddress })
    }
    #expect(places.count <= 20)  // of 100 batches
  }

  /// Threads hold the closure, so that it goes when they have ended.
  @Test(arguments: [0, 1, 5]) func droppedEarlyItsThreadsEnd(batchesRead: Int) throws {
    let alive = Counter()
    do {
      let token = Token(alive)
      let loader = loader(700, workers: 3) { request in
        withExtendedLifetime(token) { Self.image(request) }
      }
      for _ in 0..<batchesRead { _ = try loader.next() }
      #expect(alive.value == 1)
    }
    for _ in 0..<500 where alive.value > 0 { Thread.sleep(forTimeInterval: 0.01) }
    #expect(alive.value == 0)
  }
}

/// Images out of a closure, normalised.
private struct MadeUpImages: ExampleReader {
  let size: ImageSize
  let image: @Sendable (ExampleRequest) throws -> RGBImage

  var shape: Shape { [3, size.height, size.width] }

  func read(
    _ request: ExampleRequest, at place: Int, of count: Int,
    into planes: UnsafeMutableBufferPointer<Float>, noting: (any Error) -> Void
  ) throws {
    Normalization.imageNet.write(try image(request), into: planes)
  }
}

private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0
  var value: Int { lock.withLock { count } }
  func add(_ n: Int) { lock.withLock { count += n } }
}

private final class Token: Sendable {
  private let counter: Counter
  init(_ counter: Counter) {
    self.counter = counter
    counter.add(1)
  }
  deinit { counter.add(-1) }
}
