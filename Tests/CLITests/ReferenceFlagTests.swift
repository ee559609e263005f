import ArgumentParser
import Testing

@testable import CLI

/// Flags of the reference that are about machines, or about what is not here.
@Suite struct ReferenceFlagTests {
  @Test func thoseAboutMachinesAreLeftOut() throws {
    let given = [
      "train", "--device", "cuda", "--pin-mem", "--lr", "0.1", "--dist-url=env://", "--dist-eval",
      "--world-size", "8", "--", "--device",
    ]
    let (kept, notes) = try ReferenceFlags.removed(from: given)
    #expect(kept == ["train", "--lr", "0.1", "--", "--device"])
    #expect(notes.count == 5 && notes[0].hasPrefix("--device is left out: "))
    let other = ["evaluate", "--device", "cuda"]
    #expect(try ReferenceFlags.removed(from: other).arguments == other)
  }

  @Test(arguments: [("--eval", "convit evaluate"), ("--start-epoch=3", "--resume")])
  func othersAreErrorsThatSayWhatToUse(_ flag: (name: String, advice: String)) throws {
    let error = #expect(throws: ValidationError.self) {
      try ReferenceFlags.removed(from: ["train", flag.name])
    }
    #expect(error?.message.contains(flag.advice) == true)
  }
}
