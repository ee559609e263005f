/// Flags of DeiT's and timm's training programs about accelerators and processes: they are left out
/// with a note, so that a command line can stay as it is. Those that would change results are
/// errors (`ForeignNames`).
enum ReferenceFlags {
  /// Flags without effect on results, and whether a value follows.
  private static let idle = [
    "--device": true, "--dist-url": true, "--world-size": true, "--dist-backend": true,
    "--pin-mem": false, "--no-pin-mem": false, "--dist-eval": false, "--model-ema-force-cpu": false,
    "--rank": true, "--local-rank": true, "--gpu": true, "--gpus": true, "--dist-on-itp": false,
    "--distributed": false, "--no-ddp-bb": false, "--channels-last": false, "--sync-bn": false,
    "--no-dist-eval": false, "--pin-memory": false,
  ]
  private static let reason = "convit trains in one process on the processors"

  /// The arguments of `convit train` without the idle flags, and notes about these.
  static func removed(from arguments: [String]) -> (arguments: [String], notes: [String]) {
    guard arguments.first == "train" else { return (arguments, []) }
    var (kept, notes) = ([String](), [String]())
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" { return (kept + [argument] + rest, notes) }
      let name = argument.prefix { $0 != "=" }
      guard let takesValue = idle[String(name)] else {
        kept.append(argument)
        continue
      }
      if takesValue, name == argument, rest.first?.hasPrefix("--") == false { rest.removeFirst() }
      notes.append("\(name) is left out: \(reason)")
    }
    return (kept, notes)
  }

  /// What other commands say of an idle flag.
  static func answer(to name: String) -> String? {
    idle["--" + name] == nil ? nil : ": leave it out; convit runs in one process on the processors"
  }
}
