import Testing

@testable import CLI

/// A command line on its way to the parser.
@Suite struct GivenFlagsTests {
  private func prepared(_ line: String) throws -> (line: String, notes: [String]) {
    let (arguments, notes) = try Main.prepared(line.split(separator: " ").map(String.init))
    return (arguments.joined(separator: " "), notes)
  }

  /// A command line, and what is left of it.
  static let repeated = [
    ("train --lr 1 --epochs 3 --lr 2", "train --epochs 3 --lr 2"),
    ("train --lr=1 --lr 2", "train --lr 2"),
    ("train --batch_size 1 --batch-size=2", "train --batch-size 2"),
    ("train --shuffle --no-shuffle", "train --no-shuffle"),
    ("train --no-shuffle --src --shuffle", "train --src --shuffle"),
    ("train --ThreeAugment --aa v0", "train --aa v0"),
    ("train --freeze a b --lr 1 --freeze c", "train --lr 1 --freeze c"),
    (
      "attention --layer 0 2 5 --head 1 --layer 3 4 -- a.png",
      "attention --head 1 --layer 3 4 -- a.png"
    ),
    (
      "predict --json a.png --weights v b.png --json --weights w",
      "predict a.png b.png --json --weights w"
    ),
    ("dataset idx d --output a --output b", "dataset idx d --output b"),
    ("predict --weights w -- --weights v", "predict --weights w -- --weights v"),
  ]

  @Test(arguments: repeated) func theLastOfAFlagCounts(_ given: String, _ left: String) throws {
    #expect(try prepared(given).line == left)
  }

  @Test func aNoteSaysWhatIsOverridden() throws {
    #expect(
      try prepared("train --lr 1 --shuffle --lr=2 --no-shuffle").notes == [
        "--lr 1 is overridden by --lr 2, which comes after it",
        "--shuffle is overridden by --no-shuffle, which comes after it",
      ])
    #expect(try prepared("train --lr 1 --lr=1 --src").notes.isEmpty)
  }

  @Test func numbersWithADashBelongToTheirFlag() throws {
    #expect(try prepared("train --lr -1e-3 -h").line == "train --lr=-1e-3 -h")
    #expect(
      try prepared("train --opt-betas 0.9 -inf").line == "train --opt-betas=0.9 --opt-betas=-inf")
    #expect(try prepared("train --lr -nan").line == "train --lr nan")
  }
}
