import Autodiff
import Testing

@testable import Images

/// Frames of views against those of SlowFast's `temporal_sampling` after `get_start_end_idx`:
/// trunc(linspace(start, start + span - 1, T)), worked out in whole numbers.
@Suite struct ClipSamplingTests {
  private func indices(
    _ frames: Int, _ stride: Int, _ placement: ClipSampling.Placement, of count: Int
  ) -> [[Int]] {
    ClipSampling(frames: frames, stride: stride, placement: placement).indices(of: count)
  }

  @Test func framesAreSpreadOverTheSpan() {
    // 255 i / 7, rounded down
    #expect(indices(8, 32, .first, of: 300) == [[0, 36, 72, 109, 145, 182, 218, 255]])
    #expect(indices(8, 1, .first, of: 8) == [[0, 1, 2, 3, 4, 5, 6, 7]])
    // 15 i / 7
    #expect(indices(8, 2, .first, of: 20) == [[0, 2, 4, 6, 8, 10, 12, 15]])
    #expect(indices(1, 5, .first, of: 20) == [[0]])
  }

  @Test func placesAreWithinTheClip() {
    #expect(indices(4, 2, .middle, of: 8) == [[0, 2, 4, 7]])
    #expect(indices(4, 2, .middle, of: 14) == [[3, 5, 7, 10]])
    // From 2.5 on: 2.5, 2.5 + 7/3, 2.5 + 14/3, 9.5
    #expect(indices(4, 2, .middle, of: 13) == [[2, 4, 7, 9]])
    #expect(indices(1, 1, .middle, of: 11) == [[5]])
    #expect(
      indices(2, 2, .dense(3), of: 13) == [[0, 3], [3, 6], [6, 9]])  // of 9 places, a third each
    #expect(indices(3, 1, .dense(2), of: 3) == [[0, 1, 2], [0, 1, 2]])
  }

  @Test func shortClipsRepeatTheirLastFrame() {
    for placement in [ClipSampling.Placement.first, .middle, .random] {
      #expect(indices(8, 1, placement, of: 5) == [[0, 1, 2, 3, 4, 4, 4, 4]])
      #expect(indices(3, 4, placement, of: 1) == [[0, 0, 0]])
    }
    #expect(indices(4, 4, .first, of: 9) == [[0, 5, 8, 8]])
  }

  /// Random starts are even over all places, and the same for the same seed.
  @Test func randomStartsAreDrawnEvenly() {
    let sampling = ClipSampling(frames: 4, stride: 2, placement: .random)
    var starts: [Int: Int] = [:]
    for seed in 0..<4000 {
      let random = Random(seed: UInt64(seed))
      let found = sampling.indices(of: 18, random: random)
      #expect(found == sampling.indices(of: 18, random: random))
      #expect(found[0][3] - found[0][0] >= 7 && found[0][3] <= 17 && found[0][0] >= 0)
      starts[found[0][0], default: 0] += 1
    }
    // 10 places of 400 each; five standard deviations are 95.
    #expect(starts.keys.sorted() == Array(0..<10))
    #expect(starts.values.allSatisfy { abs($0 - 400) < 95 }, "\(starts)")
  }
}
