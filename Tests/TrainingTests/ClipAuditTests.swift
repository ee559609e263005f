import Autodiff
import ConViT
import Foundation
import Images
import Testing

@testable import Training

@Suite struct ClipAuditTests {
  @Test func ordersOfFrames() {
    let random = Random(seed: 1)
    func frames(_ order: ClipOrder, _ count: Int) -> [Int] {
      order.frames(of: count, random: random)
    }
    #expect(frames(.original, 4) == [0, 1, 2, 3] && frames(.reversed, 4) == [3, 2, 1, 0])
    #expect(frames(.first, 3) == [0, 0, 0])
    #expect(frames(.frozen, 4) == [2, 2, 2, 2] && frames(.frozen, 5) == [2, 2, 2, 2, 2])
    #expect(frames(.shuffled, 1) == [0] && frames(.shuffled, 2) == [1, 0])
    var seen: Set<[Int]> = []
    for clip in 0..<200 {
      let order = ClipOrder.shuffled.frames(of: 3, random: random.split(clip))
      #expect(order.sorted() == [0, 1, 2] && order != [0, 1, 2])
      #expect(order == ClipOrder.shuffled.frames(of: 3, random: random.split(clip)))
      seen.insert(order)
    }
    #expect(seen.count == 5)
  }

  @Test func clipsAreShownInAnOrder() {
    let clips = Tensor([2, 3, 1, 1, 2], (0..<12).map(Float.init))
    let randoms = [Random(seed: 0).split(0), Random(seed: 0).split(1)]
    #expect(
      ClipOrder.reversed.applied(to: clips, randoms).elements
        == [4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7])
    #expect(
      ClipOrder.frozen.applied(to: clips, randoms).elements
        == [2, 3, 2, 3, 2, 3, 8, 9, 8, 9, 8, 9])
    let views = clips.reshaped([1, 2, 3, 1, 1, 2])
    #expect(
      ClipOrder.reversed.applied(to: views, randoms).elements
        == [4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7])
    // All views of a clip are shuffled alike.
    let both = Tensor.concatenated([clips, clips], 1).reshaped([2, 2, 3, 1, 1, 2])
    let twice = ClipOrder.shuffled.applied(to: both, randoms).elements
    let shuffled = ClipOrder.shuffled.applied(to: clips, randoms).elements
    #expect(twice == [0, 0, 6, 6].flatMap { shuffled[$0..<$0 + 6] })
    for clip in 0..<2 {
      let order = ClipOrder.shuffled.frames(of: 3, random: randoms[clip])
      for (place, frame) in order.enumerated() {
        #expect(shuffled[6 * clip + 2 * place] == Float(6 * clip + 2 * frame))
        #expect(shuffled[6 * clip + 2 * place + 1] == Float(6 * clip + 2 * frame + 1))
      }
    }
  }

  /// Clips of four classes, of which so many are answered rightly.
  private func answers(_ right: [Bool]) -> [Answer] {
    right.enumerated().map {
      Answer(
        index: $0, label: $0 % 4, predicted: ($0 + ($1 ? 0 : 1)) % 4, probability: 1,
        ownProbability: 0)
    }
  }

  @Test func linesByHand() throws {
    let right = (0..<10).map { $0 < 8 }
    let audit = ClipAudit([
      .original: answers(right), .reversed: answers((0..<10).map { $0 > 6 }),
    ])
    #expect(audit.clips == 10 && audit.lines.map(\.order) == [.original, .reversed])
    #expect(audit.largestClass == 30)  // of ten clips three are of class 0, and of class 1
    let own = audit.lines[0]
    #expect(own.acc1 == 80 && own.sameAnswer == 100 && own.difference == nil)
    // SciPy: binomtest(8, 10).proportion_ci(method="wilson")
    #expect(abs(own.interval[0] - 49.01625) < 1e-4 && abs(own.interval[1] - 94.33178) < 1e-4)
    let reversed = audit.lines[1]
    #expect(reversed.acc1 == 30 && reversed.sameAnswer == 10 && reversed.difference == -50)
    // 2 are right in reverse alone, 7 in their own order alone: d = −5/12, n = 12.
    let half = 1.959964 * (10.0 / 12 - 25.0 / 144).squareRoot() / 12.0.squareRoot()
    let interval = try #require(reversed.differenceInterval)
    #expect(abs(interval[0] + 100 * (5.0 / 12 + half)) < 1e-3)
    #expect(abs(interval[1] + 100 * (5.0 / 12 - half)) < 1e-3)
  }

  /// Of answers that are wrong in both orders, only those with one class are the same.
  @Test func anotherMistakeIsAnotherAnswer() {
    func answers(_ classes: [Int]) -> [Answer] {
      classes.enumerated().map {
        Answer(index: $0, label: 0, predicted: $1, probability: 1, ownProbability: 0)
      }
    }
    let audit = ClipAudit([
      .original: answers([0, 1, 1, 2]), .reversed: answers([0, 1, 2, 0]),
    ])
    #expect(audit[.reversed]?.sameAnswer == 50)
  }

  /// Answers to so many clips, right on the first `right` of them.
  private func audit(
    _ count: Int, own: Int, reversed: Int, shuffled: Int, first: Int, frozen: Int
  ) -> ClipAudit {
    ClipAudit(
      [
        ClipOrder.original: own, .reversed: reversed, .shuffled: shuffled, .first: first,
        .frozen: frozen,
      ].mapValues { right in answers((0..<count).map { $0 < right }) })
  }

  @Test func whatTheNumbersSupportIsSaid() {
    let uses = audit(1000, own: 990, reversed: 500, shuffled: 600, first: 250, frozen: 260)
    #expect(uses.verdicts.count == 2)
    #expect(
      uses.verdicts[0].hasPrefix(
        "This model uses the order of frames: on reversed clips it is right 49.0 points"))
    #expect(
      uses.verdicts[1].hasPrefix(
        "It looks at more than one frame: with the frame in the middle in the place of all it is "
          + "right 73.0 points"))
    let none = audit(1000, own: 500, reversed: 500, shuffled: 500, first: 500, frozen: 500)
    #expect(
      none.verdicts[0]
        == "This model does not use the order of frames: reversed and shuffled, all 1000 clips get "
        + "the same answers.")
    #expect(none.verdicts[1].hasPrefix("It does not need motion: with the first frame in the "))
    // 1.96² / (n + 1.96²) is 0.02 at n = 188.2.
    for (count, start) in [(189, "This model does not use the order"), (188, "Whether this model")]
    {
      let equal = audit(count, own: 90, reversed: 90, shuffled: 90, first: 90, frozen: 90)
      #expect(equal.verdicts[0].hasPrefix(start))
    }
    let little = audit(5000, own: 4000, reversed: 3990, shuffled: 3995, first: 0, frozen: 0)
    #expect(little.verdicts[0].hasPrefix("This model uses the order of frames: on reversed"))
    let hardly = audit(5000, own: 4000, reversed: 3999, shuffled: 4001, first: 4000, frozen: 0)
    #expect(
      hardly.verdicts[0].hasPrefix(
        "The answers of this model depend on the order of frames: 1 of the 5000 clips get "
          + "another one reversed. It does not need it: on reversed and shuffled clips it is right "
          + "at most 0.1 points less often."
      ))
    // Reversed clips are as good; of shuffled ones there are two in 200 less.
    let one = audit(200, own: 150, reversed: 150, shuffled: 148, first: 0, frozen: 0)
    #expect(
      one.verdicts[0].contains(
        "Whether it is right more often for it, 200 clips do not tell: on shuffled clips"))
    // A loss that rounds to nothing has no sign.
    let once = audit(5000, own: 4000, reversed: 4000, shuffled: 4000, first: 3999, frozen: 3999)
    #expect(!once.verdicts.joined().contains("−0.0"))
    let few = audit(20, own: 15, reversed: 14, shuffled: 15, first: 13, frozen: 13)
    #expect(
      few.verdicts[0].hasPrefix(
        "The answers of this model depend on the order of frames: 1 of the 20 clips get "
          + "another one reversed. Whether it is right more often for it, 20 clips do not tell: on "
          + "reversed"
      )
    )
    #expect(few.verdicts[1].hasPrefix("Whether it needs motion, 20 clips do not tell: with the"))
  }

  /// One class for all clips is right on a quarter of them; 95 % intervals reach below that.
  @Test func modelsThatKnowNothing() {
    for right in [250, 270] {
      let audit = audit(1000, own: right, reversed: right, shuffled: 0, first: 0, frozen: 0)
      #expect(audit.largestClass == 25)
      #expect(
        audit.verdicts == [
          "What this model looks at cannot be told: \(right / 10).0 % of the clips are answered "
            + "rightly, and 25.0 % are of one class."
        ])
    }
    let better = audit(1000, own: 300, reversed: 300, shuffled: 300, first: 300, frozen: 300)
    #expect(better.verdicts.count == 2)
  }

  @Test func backgroundsAreFoundOut() {
    func audit(_ right: Int, of count: Int) -> ClipAudit {
      ClipAudit([.original: answers((0..<count).map { $0 < right })])
    }
    let full = audit(1000, of: 1000)
    #expect(
      full.verdict(of: audit(250, of: 1000), named: "val-shuffled")?
        .hasPrefix("It uses what val-shuffled takes away: it is right 75.0 points (95 %") == true)
    #expect(
      full.verdict(of: audit(1000, of: 1000), named: "other")?
        .hasPrefix("It does not need what other takes away: it is right at most 0.4 points")
        == true)
    #expect(
      audit(15, of: 20).verdict(of: audit(14, of: 20), named: "other")?
        .contains("20 and 20 clips do not tell: the difference is between") == true)
  }

  /// `space` gives the same of any order; `joint` does not, once its time embedding is not zero.
  @Test(arguments: [TimeSformerConfiguration.Scheme.space, .joint])
  func aModelIsAsked(scheme: TimeSformerConfiguration.Scheme) throws {
    var c = ViTConfiguration(.vit, patchSize: 2, embedDim: 8, heads: 2)
    (c.imageHeight, c.imageWidth, c.depth, c.classes) = (4, 4, 1, 3)
    let model = try TimeSformer(TimeSformerConfiguration(c, frames: 3, scheme: scheme))
    var weights = ParameterStore(model, seed: 2)
    for slot in 0..<weights.tree.names.count {
      var source = Random(seed: 7).split(slot)
      let shape = weights[slot: slot].shape
      weights[slot: slot] = Tensor(
        shape, (0..<shape.elementCount).map { _ in Float(source.normal()) })
    }
    var source = Random(seed: 4)
    let shape = Shape([30] + model.input.sizes)
    let data = InMemoryExamples(
      inputs: Tensor(shape, (0..<shape.elementCount).map { _ in Float(source.normal()) }),
      labels: (0..<30).map { $0 % 3 })
    let pool = WorkerPool(threads: 1)
    let frozen = FrozenWeights(weights)
    var seen: [Int] = []
    func audit(
      batch: Int, _ orders: [ClipOrder] = ClipOrder.allCases, seed: UInt64 = 3
    ) throws -> ClipAudit {
      seen = []
      return try Evaluator(reader: data, batchSize: batch, workers: 1).audit(
        model, frozen, on: data.examples, orders: orders, seed: seed, pool: pool,
        progress: { seen.append($0) })
    }
    let found = try audit(batch: 7)
    #expect(seen == [7, 14, 21, 28, 30])
    // Differences are to clips as they are, which need not be asked for.
    #expect(try audit(batch: 30, [.reversed]).lines == Array(found.lines[..<2]))
    let shuffled = try (0..<6).map { try audit(batch: 30, [.shuffled], seed: $0).lines[1] }
    #expect((Set(shuffled).count == 1) == (scheme == .space))
    #expect(try found == audit(batch: 30))
    #expect(found.clips == 30 && found.lines.map(\.order) == ClipOrder.allCases)
    let (totals, _) = try Evaluator(reader: data, batchSize: 8, workers: 1)
      .answers(model, frozen, on: data.examples, pool: pool)
    #expect(found[.original]?.acc1 == totals.accuracy1)
    let same = [ClipOrder.reversed, .shuffled].map { found[$0]?.sameAnswer }
    #expect(scheme == .space ? same == [100, 100] : same.allSatisfy { $0! < 100 })
    #expect(found[.first]?.sameAnswer != 100)
  }
}
