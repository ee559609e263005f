import Foundation
import Testing

@testable import Images
@testable import Recipes
@testable import Training

/// Which images an epoch visits, against DeiT's sampler and PyTorch's.
@Suite struct SampleOrderTests {
  private struct File: Decodable { let repeated: [Case], distributed: [Case] }

  private struct Case: Decodable {
    let images: Int, processes: Int, process: Int, count: Int
    let indices: [Int]?
  }

  private func samples(_ count: Int) -> [ImageFolder.Sample] {
    // Indices with gaps, as those of a part of a folder are.
    (0..<count).map { ImageFolder.Sample(path: "\($0)", label: 0, index: 3 * $0 + 1) }
  }

  private func visited(_ order: SampleOrder, _ count: Int, epoch: Int = 0) -> [Int] {
    order(samples(count), epoch: epoch).map { ($0.example.index - 1) / 3 }
  }

  @Test func placesAreThoseOfTheReferences() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: try TrainingFixture.path("sampling.json")))
    let file = try JSONDecoder().decode(File.self, from: data)
    for (cases, repeats) in [(file.repeated, 3), (file.distributed, 1)] {
      #expect(cases.count == 56)
      for item in cases {
        let order = SampleOrder(
          seed: 0, isShuffled: false, repeats: repeats, process: item.process, of: item.processes)
        if item.count == 0 {  // where DeiT's rule leaves nothing, all are counted
          #expect(item.images < 256 && repeats == 3)
          #expect(order.count(of: item.images) == item.images / item.processes)
          continue
        }
        #expect(order.count(of: item.images) == item.count)
        if let indices = item.indices { #expect(visited(order, item.images) == indices) }
      }
    }
  }

  @Test func uniqueImagesAreCounted() {
    for (images, processes, repeats) in [(300, 1, 3), (300, 4, 3), (7, 2, 3), (10, 3, 1)] {
      let orders = (0..<processes).map {
        SampleOrder(seed: 5, isShuffled: true, repeats: repeats, process: $0, of: processes)
      }
      let all = Set(orders.flatMap { visited($0, images, epoch: 2) })
      #expect(all.count == orders[0].uniqueCount(of: images))
    }
    // Fewer images than processes leave an epoch of none.
    #expect(SampleOrder(seed: 0, isShuffled: true, repeats: 3, of: 4).count(of: 3) == 0)
  }

  @Test func theOrderIsAFunctionOfSeedAndEpoch() {
    func order(_ seed: UInt64) -> SampleOrder {
      SampleOrder(seed: seed, isShuffled: true, repeats: 3)
    }
    let requests = order(1)(samples(300), epoch: 4)
    #expect(requests == order(1)(samples(300), epoch: 4))
    #expect(visited(order(1), 300, epoch: 4) != visited(order(1), 300, epoch: 5))
    #expect(visited(order(1), 300, epoch: 4) != visited(order(2), 300, epoch: 4))
    // Three copies in a row, each with random numbers of its own.
    #expect(Set(requests.prefix(3).map(\.example.index)).count == 1)
    #expect(Set(requests.map(\.random)).count == 256)
  }
  /// What is drawn for an example follows from its index, not from which others are there.
  @Test func aPartDrawsWhatTheWholeDraws() {
    let order = SampleOrder(seed: 1, isShuffled: false, repeats: 1)
    let whole = samples(300)
    let part = [299, 7, 150].map { whole[$0] }
    let requests = order(part, epoch: 2)
    #expect(requests == [299, 7, 150].map { order(whole, epoch: 2)[$0] })
  }
}
