import Training

/// Everything that decides about a training run: the flags of `convit train`, the keys of its
/// YAML configs. Names and defaults are those of DeiT's `main.py`.
///
/// It is made of parts; the values of a part are reached without naming it, `batchSize` as well as
/// `schedule.batchSize`.
@dynamicMemberLookup
package struct TrainingConfiguration: Hashable, Sendable, Codable {
  package var architecture = ModelSettings()
  package var pruning = PruningSettings()
  package var ablation = AblationSettings()
  package var schedule = ScheduleSettings()
  package var optimizer = OptimizerSettings()
  package var loss = LossSettings()
  package var augmentation = AugmentationSettings()
  package var data = DataSettings()
  package var running = RunSettings()

  package init() {}

  private var parts: [any Settings] {
    [architecture, pruning, ablation, schedule, optimizer, loss, augmentation, data, running]
  }

  static let keys = TrainingConfiguration().values.map(\.key)

  var values: [(key: String, value: Any)] { parts.flatMap(\.values) }

  /// A configuration of the values of all parts, flat, under the names of their properties.
  package init(from decoder: any Decoder) throws {
    architecture = try ModelSettings(from: decoder)
    pruning = try PruningSettings(from: decoder)
    ablation = try AblationSettings(from: decoder)
    schedule = try ScheduleSettings(from: decoder)
    optimizer = try OptimizerSettings(from: decoder)
    loss = try LossSettings(from: decoder)
    augmentation = try AugmentationSettings(from: decoder)
    data = try DataSettings(from: decoder)
    running = try RunSettings(from: decoder)
  }

  package func encode(to encoder: any Encoder) throws {
    for part in parts { try part.encode(to: encoder) }
  }

  func validateParts() throws(TrainingError) {
    for part in parts { try part.validate() }
  }
}

// Each part's values as if they were the configuration's own.
extension TrainingConfiguration {
  package subscript<V>(dynamicMember path: WritableKeyPath<ModelSettings, V>) -> V {
    get { architecture[keyPath: path] }
    set { architecture[keyPath: path] = newValue }
  }
  package subscript<V>(dynamicMember path: WritableKeyPath<PruningSettings, V>) -> V {
    get { pruning[keyPath: path] }
    set { pruning[keyPath: path] = newValue }
  }
  package subscript<V>(dynamicMember path: WritableKeyPath<AblationSettings, V>) -> V {
    get { ablation[keyPath: path] }
    set { ablation[keyPath: path] = newValue }
  }
  package subscript<V>(dynamicMember path: WritableKeyPath<ScheduleSettings, V>) -> V {
    get { schedule[keyPath: path] }
    set { schedule[keyPath: path] = newValue }
  }
  package subscript<V>(dynamicMember path: WritableKeyPath<OptimizerSettings, V>) -> V {
    get { optimizer[keyPath: path] }
    set { optimizer[keyPath: path] = newValue }
  }
  package subscript<V>(dynamicMember path: WritableKeyPath<LossSettings, V>) -> V {
    get { loss[keyPath: path] }
    set { loss[keyPath: path] = newValue }
  }
  package subscript<V>(dynamicMember path: WritableKeyPath<AugmentationSettings, V>) -> V {
    get { augmentation[keyPath: path] }
    set { augmentation[keyPath: path] = newValue }
  }
  package subscript<V>(dynamicMember path: WritableKeyPath<DataSettings, V>) -> V {
    get { data[keyPath: path] }
    set { data[keyPath: path] = newValue }
  }
  package subscript<V>(dynamicMember path: WritableKeyPath<RunSettings, V>) -> V {
    get { running[keyPath: path] }
    set { running[keyPath: path] = newValue }
  }
}
