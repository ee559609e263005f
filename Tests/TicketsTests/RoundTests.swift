import Autodiff
import ConViT
import Pruning
import Testing
import Tickets

/// How long rounds are, and when they end.
@Suite struct RoundTests {
  /// ⌊E₀ |P| / |D₀|⌋ epochs, or all of them; one at least.
  @Test func lengths() {
    let epochs = RoundScaling.epochs
    #expect(epochs.length(part: 36_000, of: 45_000).epochs(of: 182) == 145)  // 145.6
    #expect(epochs.length(part: 45_000, of: 45_000).epochs(of: 182) == 182)
    #expect(epochs.length(part: 100, of: 45_000).epochs(of: 182) == 1)  // 0.4
    #expect(epochs.length(part: 3, of: 10).scaled(91) == 27)
    #expect(epochs.length(part: 1, of: 3).scaled(3) == 1, "exact where a quotient rounds")
    #expect(RoundScaling.iterations.length(part: 100, of: 45_000).epochs(of: 182) == 182)
    #expect(RoundScaling.iterations.length(part: 100, of: 45_000).scaled(91) == 91)
  }

  @Test func whatIsLeft() {
    #expect(GlobalCut.remainders(of: 1000, rate: 0.2, rounds: 4) == [1000, 800, 640, 512, 410])
    #expect(GlobalCut.remainders(of: 7, rate: 0.36, rounds: 2) == [7, 4, 3], "7 − 2.52, 4 − 1.44")
    // 1 − 0.8^k, to the rounding of a weight.
    let left = GlobalCut.remainders(of: 1_000_000, rate: 0.2, rounds: 16)
    #expect(abs(1 - Double(left[16]) / 1e6 - 0.97185) < 1e-5)
  }

  /// The queue begins with ones, nothing counts before the mask has moved after the warm-up, and
  /// five distances in a row have to be below ε.
  @Test func earlyBird() {
    func end(_ distances: [Double], warmup: Int = 0) -> Int? {
      var test = EarlyBird(below: 0.07, warmup: warmup)
      for (epoch, distance) in distances.enumerated() {
        test.add(distance, after: epoch + 1)
        if test.isFound { return epoch + 1 }
      }
      return nil
    }
    let quiet = Array(repeating: 0.05, count: 20)
    #expect(end(quiet) == nil, "a mask that never moved has not stopped")
    #expect(end([0.3] + quiet) == 6)
    #expect(end([0.3, 0.05, 0.05, 0.05, 0.07, 0.05] + quiet) == 10, "0.07 is not below it")
    #expect(end([0.3] + quiet, warmup: 1) == nil, "it moved before the end of the warm-up")
    #expect(end([0.3, 0.2] + quiet, warmup: 1) == 7)
    #expect(end([0.3, 0.05, 0.05, 0.05, 0.05]) == nil)
  }

  /// The share of the weights that one mask keeps and the other does not.
  @Test func distanceOfMasks() throws {
    let tree = ParameterTree(Linear(4, 2))
    func masks(_ kept: [Float]) -> ParameterMasks {
      var masks = ParameterMasks(tree)
      masks[slot: tree.slot(named: "weight")!] = Tensor([2, 4], kept)
      return masks
    }
    let (a, b) = (masks([1, 1, 1, 1, 0, 0, 1, 0]), masks([1, 1, 0, 1, 1, 0, 1, 0]))
    #expect(a.distance(to: b, of: 8) == 0.25 && b.distance(to: a, of: 5) == 0.4)
    #expect(a.distance(to: a, of: 5) == 0)
  }
}
