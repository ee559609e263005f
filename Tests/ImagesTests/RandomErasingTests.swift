import Autodiff
import Testing

@testable import Images

@Suite struct RandomErasingTests {
  struct Case: Decodable {
    let height: Int
    let width: Int
    let count: Int
    let used: Int
    let uniform: [Double]
    let regions: [[Int]]
  }

  @Test func rectanglesAreTimms() throws {
    let fixture = try TransformFixture<[Case]>("erasing")
    #expect(fixture.cases.count == 40)
    for item in fixture.cases {
      var used = 0
      let erasing = RandomErasing(probability: 0.9, count: item.count)
      let regions = erasing.regions(ImageSize(height: item.height, width: item.width)) {
        used += 1
        return item.uniform[used - 1]
      }
      #expect(regions.map { [$0.x, $0.y, $0.width, $0.height] } == item.regions)
      #expect(used == item.used)
    }
  }

  private func erased(_ mode: RandomErasing.Mode, _ seed: UInt64) -> [Float] {
    var planes = [Float](repeating: 7, count: 3 * 60 * 50)
    planes.withUnsafeMutableBufferPointer {
      RandomErasing(probability: 1, mode: mode)(
        $0, size: ImageSize(height: 60, width: 50), random: Random(seed: seed))
    }
    return planes
  }

  @Test func eachModeErasesTheSameRectangleInItsWay() {
    for seed in 0..<20 {
      let zeros = erased(.const, UInt64(seed))
      let colors = erased(.rand, UInt64(seed))
      let noise = erased(.pixel, UInt64(seed))
      let places = zeros.indices.filter { zeros[$0] == 0 }
      #expect(zeros.allSatisfy { $0 == 0 || $0 == 7 } && places.count % 3 == 0)
      #expect(places.count > 3 * 3000 / 60 && places.count < 3 * 3000 * 2 / 5)
      #expect(colors.indices.filter { colors[$0] != 7 } == places)
      #expect(noise.indices.filter { noise[$0] != 7 } == places)
      let plane = places.count / 3
      for channel in 0..<3 {
        let inside = places[(channel * plane)..<((channel + 1) * plane)]
        #expect(Set(inside.map { colors[$0] }).count == 1)
        #expect(Set(inside.map { noise[$0] }).count > plane - 5)
      }
      #expect(noise == erased(.pixel, UInt64(seed)))
    }
  }
}
