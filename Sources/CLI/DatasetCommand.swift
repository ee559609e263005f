import ArgumentParser
import Images

struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset", abstract: "Turn a known data set into a folder of images or clips.",
    subcommands: [
      FashionMNISTCommand.self, IDXCommand.self, CIFAR10Command.self, CIFAR100Command.self,
      MovingClothesCommand.self, ClothesPairsCommand.self,
    ])
}

struct DatasetOptions: ParsableArguments {
  @Option(help: .folder("The folder to write; it gets train/<class>/ and val/<class>/."))
  var output: String
  @Flag(help: "Write again what is there already.") var force = false

  func validate() throws {
    guard !output.isEmpty else { throw ValidationError("output is empty") }
  }

  func write(
    _ splits: [ImageFolderWriter.Split], classes: [String], kind: ExampleKind = .images
  ) throws {
    let outcome = try ImageFolderWriter(output: output, classes: classes, kind: kind)
      .write(splits, force: force) { pixels, width, height, path in
        if kind == .clips {
          try writeAPNG(gray: pixels, width: width, height: height, to: path)
        } else if pixels.count == width * height {
          try writePNG(gray: pixels, width: width, height: height, to: path)
        } else {
          try writePNG(RGBImage(width: width, height: height, pixels: pixels), to: path)
        }
      }
    switch outcome {
    case .written(let count): Terminal.write("\(output): \(count) \(kind.plural) written\n")
    case .alreadyComplete(let count):
      Terminal.write("\(output): all \(count) \(kind.plural) are there already\n")
    }
  }

  func write(_ data: CIFAR, from source: String) throws {
    let (splits, classes) = try data.read(from: source)
    try write(splits, classes: classes)
  }
}

struct FashionMNISTCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fashion-mnist", abstract: "70,000 photographs of clothes, 28 × 28 pixels.",
    discussion: "Xiao et al. 2017; Debian's package dataset-fashion-mnist installs the files.")

  @OptionGroup var options: DatasetOptions
  @Option(help: .folder("The folder that has the four IDX files."))
  var source = FashionMNIST.defaultLocation

  func run() throws {
    try options.write(FashionMNIST.splits(from: source), classes: FashionMNIST.classes)
  }
}

struct IDXCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "idx", abstract: "Any data set in the files of the MNIST family.",
    discussion: """
      <source> has train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and \
      t10k-labels-idx1-ubyte, plain or with .gz. Classes are called by their numbers unless they \
      are named.
      """)

  @Argument(help: "The folder that has the four IDX files.") var source: String
  @OptionGroup var options: DatasetOptions
  @Option(list: .name("The names of the classes, in the order of the labels."))
  var classes: [String] = []

  func validate() throws {
    if let fault = ImageFolderWriter.fault(ofClasses: classes) { throw ValidationError(fault) }
  }

  func run() throws {
    let splits = try IDXDataset.mnistSplits(
      from: source, classCount: classes.isEmpty ? 256 : classes.count)
    let count = 1 + (splits.flatMap(\.labels).max().map(Int.init) ?? 0)
    try options.write(splits, classes: classes.isEmpty ? (0..<count).map { "\($0)" } : classes)
  }
}

struct CIFAR10Command: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cifar10", abstract: "60,000 photographs in ten classes, 32 × 32 pixels.",
    discussion: "Krizhevsky 2009; the binary version, cifar-10-binary.tar.gz.")

  @Argument(help: "The archive, or the folder that it unpacks to.") var source: String
  @OptionGroup var options: DatasetOptions

  func run() throws { try options.write(.ten, from: source) }
}

struct CIFAR100Command: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cifar100", abstract: "60,000 photographs in a hundred classes, 32 × 32 pixels.",
    discussion: """
      Krizhevsky 2009; the binary version, cifar-100-binary.tar.gz. Classes are the fine ones.
      """)

  @Argument(help: "The archive, or the folder that it unpacks to.") var source: String
  @OptionGroup var options: DatasetOptions

  func run() throws { try options.write(.hundred, from: source) }
}
