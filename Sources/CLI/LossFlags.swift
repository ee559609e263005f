import ArgumentParser
import Training

/// The flags of `convit train` that say what a model is to answer.
struct LossFlags: ParsableArguments {
  @Option(help: .number("Label smoothing. (default: 0.1)")) var smoothing: Float?

  func apply(to c: inout TrainingConfiguration) {
    replace(&c.smoothing, smoothing)
  }
}
