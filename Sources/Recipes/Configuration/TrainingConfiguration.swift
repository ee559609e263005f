import Training

/// Everything that decides about a training run: the flags of `convit train`, the keys of its
/// YAML configs. Names and defaults are those of DeiT's `main.py`.
///
/// It is made of parts; the values of a part are reached without naming it:
///
/// ```swift
/// var configuration = TrainingConfiguration()
/// configuration.batchSize = 128  // the same as configuration.schedule.batchSize
/// ```
@dynamicMemberLookup
package struct TrainingConfiguration: Hashable, Sendable, Codable {
  /// The model, and what it starts from.
  package var architecture = ModelSettings()
  /// What is taken away from the model, to see what it is worth.
  package var ablation = AblationSettings()
  /// How long a run is, and how fast weights change in its course.
  package var schedule = ScheduleSettings()
  /// How weights change.
  package var optimizer = OptimizerSettings()
  /// What a model is to answer: targets and losses.
  package var loss = LossSettings()
  /// What becomes of a training image.
  package var augmentation = AugmentationSettings()
  /// Which images an epoch visits, and how they are read.
  package var data = DataSettings()
  /// Where a run goes, and what it runs on.
  package var running = RunSettings()

  /// The defaults.
  package init() {}

  private static let parts: [any PartOfConfiguration] = [
    Part(\.architecture), Part(\.ablation), Part(\.schedule), Part(\.optimizer), Part(\.loss),
    Part(\.augmentation), Part(\.data), Part(\.running),
  ]

  /// The names of all values.
  static let keys: [String] = parts.flatMap(\.keys)

  /// A configuration of values under their names, flat.
  package init(from decoder: any Decoder) throws {
    for part in Self.parts { try part.decode(&self, from: decoder) }
  }

  /// Writes all values under their names, flat.
  package func encode(to encoder: any Encoder) throws {
    for part in Self.parts { try part.encode(self, to: encoder) }
  }

  /// Throws what is wrong with the values of each part alone.
  func validateParts() throws(TrainingError) {
    for part in Self.parts { try part.validate(self) }
  }
}

/// A part of the configuration, whatever its type.
private protocol PartOfConfiguration: Sendable {
  var keys: [String] { get }
  func decode(_ configuration: inout TrainingConfiguration, from decoder: any Decoder) throws
  func encode(_ configuration: TrainingConfiguration, to encoder: any Encoder) throws
  func validate(_ configuration: TrainingConfiguration) throws(TrainingError)
}

private struct Part<Values: Settings>: PartOfConfiguration {
  let path: WritableKeyPath<TrainingConfiguration, Values> & Sendable
  init(_ path: WritableKeyPath<TrainingConfiguration, Values> & Sendable) { self.path = path }

  var keys: [String] { Values.CodingKeys.allCases.map(\.stringValue) }
  func decode(_ configuration: inout TrainingConfiguration, from decoder: any Decoder) throws {
    configuration[keyPath: path] = try Values(from: decoder)
  }
  func encode(_ configuration: TrainingConfiguration, to encoder: any Encoder) throws {
    try configuration[keyPath: path].encode(to: encoder)
  }
  func validate(_ configuration: TrainingConfiguration) throws(TrainingError) {
    try configuration[keyPath: path].validate()
  }
}

// Each part's values as if they were the configuration's own.
extension TrainingConfiguration {
  /// A value of the model's part.
  package subscript<V>(dynamicMember path: WritableKeyPath<ModelSettings, V>) -> V {
    get { architecture[keyPath: path] }
    set { architecture[keyPath: path] = newValue }
  }
  /// A value of the ablation's part.
  package subscript<V>(dynamicMember path: WritableKeyPath<AblationSettings, V>) -> V {
    get { ablation[keyPath: path] }
    set { ablation[keyPath: path] = newValue }
  }
  /// A value of the schedule's part.
  package subscript<V>(dynamicMember path: WritableKeyPath<ScheduleSettings, V>) -> V {
    get { schedule[keyPath: path] }
    set { schedule[keyPath: path] = newValue }
  }
  /// A value of the optimiser's part.
  package subscript<V>(dynamicMember path: WritableKeyPath<OptimizerSettings, V>) -> V {
    get { optimizer[keyPath: path] }
    set { optimizer[keyPath: path] = newValue }
  }
  /// A value of the loss's part.
  package subscript<V>(dynamicMember path: WritableKeyPath<LossSettings, V>) -> V {
    get { loss[keyPath: path] }
    set { loss[keyPath: path] = newValue }
  }
  /// A value of the augmentation's part.
  package subscript<V>(dynamicMember path: WritableKeyPath<AugmentationSettings, V>) -> V {
    get { augmentation[keyPath: path] }
    set { augmentation[keyPath: path] = newValue }
  }
  /// A value of the data's part.
  package subscript<V>(dynamicMember path: WritableKeyPath<DataSettings, V>) -> V {
    get { data[keyPath: path] }
    set { data[keyPath: path] = newValue }
  }
  /// A value of the run's part.
  package subscript<V>(dynamicMember path: WritableKeyPath<RunSettings, V>) -> V {
    get { running[keyPath: path] }
    set { running[keyPath: path] = newValue }
  }
}
