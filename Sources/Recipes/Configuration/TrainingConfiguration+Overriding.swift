import Training
import Yams

extension TrainingConfiguration {
  /// The configuration without those values of a file that have no use beside what flags say, and
  /// notes about them.
  ///
  /// A file that is right by itself does not stand in the way of a flag: `--model deit_…` over a
  /// config with `local-up-to-layer`, `--locality-every 0` over one with `locality-sample`. What
  /// was given as a flag stays, and is an error if it has no use.
  package func withoutUnused(
    of file: TrainingConfiguration, from path: String
  ) throws -> (configuration: TrainingConfiguration, notes: [String]) {
    guard file.unused() == nil else { return (self, []) }
    let flags = Set(try differences(from: file).map(\.key))
    let defaults = TrainingConfiguration()
    var configuration = self
    var notes: [String] = []
    while let fault = configuration.unused(), let key = fault.unusedKey, !flags.contains(key),
      try configuration.differences(from: defaults).contains(where: { $0.key == key })
    {
      notes.append("\(path): '\(key)' is left out beside the flags: \(fault.message)")
      configuration = try TrainingConfiguration(
        settings: [(key, Node("~", .implicit, .plain))], of: path, over: configuration)
    }
    return (configuration, notes)
  }

  /// The first value without a use, if that is what is wrong.
  private func unused() -> TrainingError? {
    do {
      try validate()
      _ = try modelConfiguration(classes: 1)
      return nil
    } catch let error as TrainingError {
      return error.unusedKey == nil ? nil : error
    } catch {
      return nil
    }
  }
}
