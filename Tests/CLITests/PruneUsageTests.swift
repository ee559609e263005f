import ConViT
import Testing

@testable import CLI

/// What `convit prune` says of what cannot be, or should be known.
@Suite struct PruneUsageTests {
  private let workspace: Workspace
  private let model: String

  init() throws {
    workspace = try Workspace()
    model = try TrainedModel.workspace.get().file("run/model.safetensors")
  }

  @Test func theTrapIsTold() throws {
    var configuration = ViTConfiguration(.convit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 4)
    (configuration.depth, configuration.localUpToLayer) = (2, 1)
    let start = try VisionTransformer(configuration)
    try SavedModel(start, .init(start, seed: 0)).write(to: workspace.file("start"))
    let arguments = ["prune", "--weights", "start", "--sparsity", "0.5", "--output", "w"]
    for scope in ["layer", "global"] {
      let outcome = try workspace.convit(arguments + ["--force", "--scope", scope])
      #expect(outcome.errLines.count { $0.contains("identity, as GPSA starts") } == 1)
    }
    let random = try workspace.convit(arguments + ["--force", "--method", "random"])
    #expect(random.status == 0 && !random.err.contains("identity"))
    // It is about weights, and not about whole heads.
    let heads = try workspace.convit(arguments + ["--structured", "heads", "--force"])
    #expect(heads.status == 0 && !heads.err.contains("identity"))
  }

  static let faults: [(flags: [String], part: String)] = [
    (["--output", "w"], "--sparsity P, or --plan --eps E"),
    (["--sparsity", "0.5", "--plan", "--eps", "1", "--output", "w"], "--sparsity P, or --plan"),
    (["--plan", "--output", "w"], "--sparsity P, or --plan --eps E"),
    (["--sparsity", "1.5", "--output", "w"], "at least 0 and below 1, found 1.5"),
    (["--sparsity", "1", "--output", "w"], "at least 0 and below 1, found 1"),
    (["--sparsity", "0.5", "--report-bound", "--force"], "--force is about --output"),
    (["--sparsity", "0.5", "--output", "w", "--seed", "5"], "--seed is for --method random"),
    (["--sparsity", "0.5", "--report-bound", "--sparse"], "--sparse is about --output"),
    (["--plan", "--eps", "0", "--data-path", "data"], "eps must be positive, found 0"),
    (["--plan", "--eps", "0.1"], "it needs --data-path"),
    (["--sparsity", "0.5"], "--output says which file to write"),
    (["--sparsity", "0.5", "--structured", "mlp", "--sparse", "--output", "w"], "--sparse is for"),
    (
      ["--sparsity", "0.5", "--method", "taylor", "--output", "w"],
      "taylor looks at images of train"
    ),
    (["--sparsity", "0.5", "--method", "fisher", "--output", "w"], "'fisher'"),
    (
      ["--sparsity", "0.5", "--structured", "mlp", "--head", "--output", "w"],
      "heads and hidden units alone"
    ),
  ]

  static let more: [(flags: [String], part: String)] = [
    (
      ["--sparsity", "0.5", "--method", "gate", "--data-path", "data", "--output", "w"],
      "--method gate is for heads and units: --structured"
    ),
    (
      ["--sparsity", "0.5", "--method", "gate", "--structured", "mlp", "--output", "w"],
      "--method gate looks at images of train"
    ),
    (["--sweep", "--output-dir", "o"], "--sweep needs --data-path"),
    (["--sweep", "--data-path", "data"], "and --output-dir"),
    (
      ["--sweep", "--data-path", "data", "--output-dir", "o", "--sparsity", "0.5"],
      "--sparsity has no use beside it"
    ),
    (
      ["--sweep", "--data-path", "data", "--output-dir", "o", "--scope", "global"],
      "--scope has no use beside it"
    ),
    (["--sparsity", "0.5", "--output", "w", "--output-dir", "o"], "are for --sweep"),
    (
      ["--sweep", "--data-path", "data", "--output-dir", "o", "--seeds", "0"],
      "seeds must be 1 to 1000, found 0"
    ),
    (["--sparsity", "0.5", "--output", "w", "--seeds", "2"], "are for --sweep"),
    (["--sparsity", "0.5", "--output", "w", "--sample", "9"], "--sample is about --data-path"),
    (["--sparsity", "0.5", "--output", "w", "--split", "."], "--split is about --data-path"),
    (["--sparsity", "0.5", "--output", "w", "--no-exif"], "--exif is about --data-path"),
    (
      ["--sparsity", "0.5", "--output", "w", "--val-fraction", "0.1"],
      "--val-fraction is about --data-path"
    ),
    (
      ["--sparsity", "0.5", "--output", "w", "--frame-stride", "2"],
      "--frame-stride is about --data-path"
    ),
    (
      ["--sparsity", "0.5", "--data-path", "data", "--val-fraction", "1.5"],
      "val-fraction must be"
    ),
    (
      ["--sparsity", "0.5", "--data-path", "data", "--train-split", "nope"],
      "train-split is for --val-fraction or --split train"
    ),
    (
      ["--sparsity", "0.5", "--data-path", "data", "--val-split", "a", "--split", "b"],
      "val-split and split are two ways"
    ),
    (
      ["--sparsity", "0.5", "--output", "w", "--on-bad-image", "skip"],
      "--on-bad-image is about --data-path"
    ),
    (
      ["--sparsity", "0.5", "--data-path", "data", "--frame-stride", "2"],
      "frame-stride is for models of clips"
    ),
  ]

  @Test(arguments: faults + more) func usage(_ flags: [String], _ part: String) throws {
    try workspace.expectFailure(["prune", "--weights", model] + flags, status: 2, [part])
  }

  /// What is chosen by images is chosen by those of train, and measured on others.
  @Test func noImagesToChooseBy() throws {
    try workspace.expectFailure(
      [
        "prune", "--weights", model, "--sparsity", "0.5", "--method", "taylor", "--data-path",
        "data/val", "--split", ".", "--output", "w",
      ], ["no folder train"])
  }

  /// Where no file can be is told before the weights are looked at.
  @Test func aPlaceThatTakesNoFile() throws {
    try workspace.write("file", "text".utf8)
    for (place, part) in [
      ("gone/w", "gone/w: cannot write to the folder 'gone': No such file or directory"),
      ("file/w", "file/w: cannot write to the folder 'file': Not a directory"),
      ("data", "data: cannot replace a directory by a file"),
    ] {
      for command in [
        ["prune", "--weights", "none", "--sparsity", "0.5", "--force", "--output", place],
        ["convert", "none", place, "--force"],
      ] { try workspace.expectFailure(command, [part]) }
    }
  }

  @Test func aFileThatIsThere() throws {
    try workspace.write("there", "text".utf8)
    let arguments = ["prune", "--weights", model, "--sparsity", "0.5", "--output", "there"]
    try workspace.expectFailure(arguments, ["there: is there already; --force replaces it"])
    #expect(try workspace.convit(arguments + ["--force"]).status == 0)
  }
}
