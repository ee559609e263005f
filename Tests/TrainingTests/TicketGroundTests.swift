import Autodiff
import Testing
import Tickets
import Training

@testable import Recipes

/// What is known of a search for tickets before it trains.
@Suite struct TicketGroundTests {
  private let configuration: TrainingConfiguration

  init() throws { configuration = try TrainingFixture().smallConfiguration("search") }

  /// The most rounds that a message names are enough, and one more is not.
  @Test func moreRoundsThanFloorsAllow() throws {
    func begin(_ rounds: Int) throws {
      var s = TicketSettings()
      (s.methods, s.rounds, s.rate, s.patchEmbed) = ([.imp], rounds, 0.5, true)
      _ = try TicketGround(configuration, s, pool: WorkerPool(threads: 1))
    }
    let error = try #require(throws: TrainingError.self) { try begin(9) }
    #expect(error.message.hasPrefix("9 rounds at rate 0.5 leave ") && error.isUsage)
    let text = try #require(error.message.firstMatch(of: /at most (\d+) rounds/)?.1)
    let most = try #require(Int(text))
    try begin(most)
    #expect(throws: TrainingError.self) { try begin(most + 1) }
  }

  /// Milestones and the warm-up shrink as the epochs do.
  @Test func courseOfARound() throws {
    var c = configuration
    (c.epochs, c.warmupEpochs, c.sched, c.cooldownEpochs) = (182, 10, .multistep, 0)
    c.decayMilestones = [91, 136]
    (c.localityStrength, c.finetune, c.partial) = (2, "w", true)
    let length = RoundScaling.epochs.length(part: 36_000, of: 45_000)
    let round = c.training(ticket: "t", onSet: "t", for: length)
    #expect(round.epochs == 145 && round.warmupEpochs == 8 && round.decayMilestones == [72, 108])
    #expect(round.ticket == "t" && round.pracSet == "t" && round.finetune == nil)
    #expect(round.localityStrength == 1 && !round.partial)
  }
}
