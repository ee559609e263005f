import ArgumentParser
import Images

struct MovingClothesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "moving-clothes",
    abstract: "Clips of clothes that slide left, right, up or down: the class is where.",
    discussion: """
      Four frames of 28 × 28 grey pixels, as animated PNGs that any browser shows. In val, every \
      clip is there with its reverse, 00000.apng and 00000-reversed.apng, so that a model that \
      does not see the order of frames is right on half of them at most. With --background, the \
      brightness behind the clothes gives the class away in train and val; val-shuffled has the \
      clips of val on backgrounds that say nothing. The same seed gives the same bytes.
      """)

  @OptionGroup var options: DatasetOptions
  @Option(
    help: .folder("The folder of Fashion-MNIST: its IDX files, or train/<class>/ and val/<class>/.")
  )
  var source = FashionMNIST.defaultLocation
  @Option(help: .int("Clips to train on.")) var train = 2000
  @Option(help: .int("Clips to validate on, each second one the reverse of the one before."))
  var val = 1000
  @Option(help: .int("What is drawn depends on it.")) var seed: UInt64 = 0
  @Flag(help: "Put a background behind the clothes that gives the class away.") var background =
    false

  func validate() throws {
    try require("train", train, in: 1...100_000)
    try require("val", val, in: 2...100_000)
    guard val % 2 == 0 else {
      throw ValidationError("val must be even, for clips and their reverses, found \(val)")
    }
  }

  func run() throws {
    let clips = MovingClothes(
      try MovingClothes.sources(from: source), seed: seed, hasBackground: background)
    try options.write(
      clips.splits(train: train, val: val), classes: MovingClothes.classes, kind: .clips)
  }
}
