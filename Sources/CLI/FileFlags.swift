import ArgumentParser

/// The flags of `convit train` that say where everything is.
struct FileFlags: ParsableArguments {
  @Option(help: .folder("The folder of images.")) var dataPath: String?
  @Option(help: .folder("The folder to write the run to.")) var outputDir: String?
  @Option(help: .file("A YAML file of flags.")) var config: String?
}
