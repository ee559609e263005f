import ArgumentParser
import Images

struct ClothesPairsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clothes-pairs",
    abstract: "Two pieces of clothing in opposite corners: do they match?",
    discussion: """
      Pictures of 28 × 28 grey pixels. With --question match the class is whether both pieces are \
      of one class, which takes a look across the picture. With --question corner, the control, \
      the same pictures have the class of the upper left piece: of the first or the second half of \
      the classes of clothes. The same seed gives the same bytes.
      """)

  @OptionGroup var options: DatasetOptions
  @Option(help: "What decides about the class: match or corner.")
  var question = ClothesPairs.Question.match
  @Option(
    help: .folder("The folder of Fashion-MNIST: its IDX files, or train/<class>/ and val/<class>/.")
  )
  var source = FashionMNIST.defaultLocation
  @Option(help: .int("Pictures to train on.")) var train = 20_000
  @Option(help: .int("Pictures to validate on.")) var val = 4_000
  @Option(help: .int("What is drawn depends on it.")) var seed: UInt64 = 0

  func validate() throws {
    try require("train", train, in: 1...1_000_000)
    try require("val", val, in: 1...1_000_000)
  }

  func run() throws {
    let sources = try MovingClothes.sources(from: source)
    for split in sources where Set(split.labels).count < 2 {
      throw DatasetError(
        path: source, reason: "\(split.name) has one class, and pairs need two or more")
    }
    try options.write(
      ClothesPairs(sources, seed: seed).splits(train: train, val: val, question),
      classes: question.classes)
  }
}

extension ClothesPairs.Question: ExpressibleByArgument {}
