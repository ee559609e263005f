import ArgumentParser

/// The flags of `convit train` that say where everything is.
struct FileFlags: ParsableArguments {
  @Option(help: .folder("The folder of images, or a CSV file of paths and labels.")) var dataPath:
    String?
  @Option(help: .folder("The folder to write the run to.")) var outputDir: String?
  @Option(help: .file("A YAML file of flags.")) var config: String?
}
