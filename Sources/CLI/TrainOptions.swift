import ArgumentParser
import Recipes

/// The flags of `convit train`: each replaces a value of the configuration.
struct TrainOptions: ParsableArguments {
  @OptionGroup(title: "Model") var model: ModelFlags
  @OptionGroup(title: "Ablation") var ablation: AblationFlags
  @OptionGroup(title: "Schedule") var schedule: ScheduleFlags
  @OptionGroup(title: "Optimiser") var optimizer: OptimizerFlags
  @OptionGroup(title: "Targets and loss") var loss: LossFlags
  @OptionGroup(title: "Augmentation") var augmentation: AugmentationFlags
  @OptionGroup(title: "Data") var data: DataFlags
  @OptionGroup(title: "Running") var running: RunningFlags

  /// Puts what was given in the place of the configuration's values.
  func apply(to configuration: inout TrainingConfiguration) {
    model.apply(to: &configuration)
    ablation.apply(to: &configuration)
    schedule.apply(to: &configuration)
    optimizer.apply(to: &configuration)
    loss.apply(to: &configuration)
    augmentation.apply(to: &configuration)
    data.apply(to: &configuration)
    running.apply(to: &configuration)
  }
}

/// Puts a value that was given in the place of another.
func replace<Value>(_ value: inout Value, _ replacement: Value?) {
  if let replacement { value = replacement }
}

/// Puts a value that was given in the place of another, or of none.
func replace<Value>(_ value: inout Value?, _ replacement: Value?) {
  if let replacement { value = replacement }
}
