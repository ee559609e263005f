import ArgumentParser

/// Flags of DeiT's and ConViT's `main.py` that ask for what is not here.
///
/// Those about accelerators and processes are left out with a note, so that a command line can stay
/// as it is; those that would change results are errors that say what to use.
enum ReferenceFlags {
  /// Flags without effect on results, and whether a value follows.
  private static let idle = [
    "--device": true, "--dist-url": true, "--world-size": true, "--dist-backend": true,
    "--pin-mem": false, "--no-pin-mem": false, "--dist-eval": false, "--model-ema-force-cpu": false,
  ]
  /// What to do instead.
  private static let others = [
    "--eval": "use convit evaluate", "--throughput": "use convit bench",
    "--start-epoch": "--resume goes on where a run was",
    "--eval-crop-ratio": "evaluation takes the centre of an image that is 256 / 224 as large",
    "--cosub": "training of pairs of submodels is not there",
    "--train-mode": "a model is always in the mode of what it is used for",
    "--drop-block": "there is no DropBlock; --drop-path is stochastic depth",
  ]

  /// The arguments of `convit train` without the idle flags, and notes about these.
  ///
  /// - Throws: `ValidationError` for a flag that asks for something else.
  static func removed(from arguments: [String]) throws -> (arguments: [String], notes: [String]) {
    guard arguments.first == "train" else { return (arguments, []) }
    var (kept, notes) = ([String](), [String]())
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" { return (kept + [argument] + rest, notes) }
      let name = argument.prefix { $0 != "=" }
      if let advice = others[String(name)] { throw ValidationError("\(name): \(advice)") }
      guard let takesValue = idle[String(name)] else {
        kept.append(argument)
        continue
      }
      if takesValue, name == argument, rest.first?.hasPrefix("--") == false { rest.removeFirst() }
      notes.append("\(name) is left out: convit trains in one process on the processors")
    }
    return (kept, notes)
  }
}
