import Glibc

/// `Fuzz TARGET [libFuzzer's arguments]` fuzzes; `Fuzz TARGET seeds FOLDER` writes first inputs.
@main
enum Main {
  /// The target of this process. Set before the first input, and never again.
  nonisolated(unsafe) static var target: any Target = ImageTarget()

  static let targets: [String: any Target] = [
    "images": ImageTarget(), "weights": WeightsTarget(), "models": ModelTarget(),
    "checkpoints": CheckpointTarget(), "idx": IDXTarget(), "configs": ConfigTarget(),
    "gif": ClipTarget(isPNG: false), "apng": ClipTarget(isPNG: true),
    "y4m": ClipTarget(isPNG: false), "avi": ClipTarget(isPNG: false),
  ]

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 1, let target = targets[arguments[1]] else {
      print("Fuzz \(targets.keys.sorted().joined(separator: "|")) [ARGUMENT…]")
      exit(2)
    }
    self.target = target
    if arguments.count == 4, arguments[2] == "seeds" {
      return try target.writeSeeds(to: arguments[3])
    }
    // The target's name stands where libFuzzer expects that of the program.
    var count = CommandLine.argc - 1
    var values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
    exit(LLVMFuzzerRunDriver(&count, &values, testOneInput))
  }
}

private func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  Main.target.test([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}

/// Replaces libFuzzer's mutation, which is one of several here, by the target's.
@_cdecl("LLVMFuzzerCustomMutator")
func customMutator(
  _ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32
) -> Int {
  let input = [UInt8](UnsafeBufferPointer(start: data, count: count))
  let output = Main.target.mutated(input, limit: limit, seed: seed)
  let kept = min(output.count, limit)
  for i in 0..<kept { data[i] = output[i] }
  return kept
}

/// What libFuzzer makes of some bytes by itself.
func mutatedByFuzzer(_ bytes: [UInt8], limit: Int) -> [UInt8] {
  guard limit > 0 else { return [] }
  let kept = bytes.prefix(limit)
  return [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
    _ = buffer.initialize(from: kept)
    count = LLVMFuzzerMutate(buffer.baseAddress, kept.count, limit)
  }
}

@_silgen_name("LLVMFuzzerMutate")
private func LLVMFuzzerMutate(_ data: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int)
  -> Int

@_silgen_name("LLVMFuzzerRunDriver")
private func LLVMFuzzerRunDriver(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32
