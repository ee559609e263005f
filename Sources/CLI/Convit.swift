import ArgumentParser
import Recipes

/// `convit`: every command is in a file of its own.
struct Convit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convit",
    abstract: "Train vision transformers on image folders, and use them.",
    discussion: """
      ConViT (gated positional self-attention, d'Ascoli et al. 2021) and DeiT on ordinary \
      processors. Flags are those of DeiT's main.py.

        convit dataset fashion-mnist --output data/fashion-mnist
        convit train --config Configs/fashion-demo.yaml \\
          --data-path data/fashion-mnist --output-dir runs/demo
        convit predict --weights runs/demo/best.safetensors photo.jpg

      Exit codes: 0 done, 1 something failed, 2 the command line or the configuration is wrong, \
      75 a run was stopped by a signal and can be resumed, 130 a second SIGINT.
      """,
    version: PackageVersion.current,
    groupedSubcommands: [
      CommandGroup(
        name: "Training",
        subcommands: [
          TrainCommand.self, EvaluateCommand.self, ExperimentCommand.self, ScoreCommand.self,
          SearchCommand.self, TicketCommand.self,
        ]),
      CommandGroup(
        name: "Using a model",
        subcommands: [
          PredictCommand.self, LocalityCommand.self, AttentionCommand.self, ProbeCommand.self,
          VideoCommand.self, SymmetryCommand.self, LinearGapCommand.self, ReportCommand.self,
          FiguresCommand.self, InspectCommand.self, PruneCommand.self, ExportCommand.self,
          ConvertCommand.self,
        ]),
      CommandGroup(
        name: "What there is",
        subcommands: [
          ModelsCommand.self, FetchCommand.self, DatasetCommand.self, VerifyCommand.self,
          BenchCommand.self,
        ]),
    ])
}
