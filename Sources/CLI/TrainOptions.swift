import ArgumentParser

/// The flags of `convit train` that say where everything is.
struct FileFlags: ParsableArguments {
  @Option(.folder("The folder of images, or a CSV file of paths and labels.")) var dataPath: String?
  @Option(.folder("The folder to write the run to.")) var outputDir: String?
  @Option(.file("A YAML file of flags.")) var config: String?
}

/// The other flags of `convit train`: each replaces a value of the configuration.
struct TrainOptions: SettingFlags {
  @OptionGroup(title: "Model") var model: ModelFlags
  @OptionGroup(title: "Ablation") var ablation: AblationFlags
  @OptionGroup(title: "Schedule") var schedule: ScheduleFlags
  @OptionGroup(title: "Optimiser") var optimizer: OptimizerFlags
  @OptionGroup(title: "Targets and loss") var loss: LossFlags
  @OptionGroup(title: "Augmentation") var augmentation: AugmentationFlags
  @OptionGroup(title: "Data") var data: DataFlags
  @OptionGroup(title: "Running") var running: RunningFlags
}
