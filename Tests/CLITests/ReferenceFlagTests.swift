import ArgumentParser
import Testing
import Training

@testable import CLI
@testable import Recipes

/// Flags of the reference that are about machines, or about what is not here.
@Suite struct ReferenceFlagTests {
  @Test func thoseAboutMachinesAreLeftOut() throws {
    let given = [
      "train", "--device", "cuda", "--pin-mem", "--lr", "0.1", "--dist-url=env://", "--dist-eval",
      "--world-size", "8", "--", "--device",
    ]
    let (kept, notes) = ReferenceFlags.removed(from: given)
    #expect(kept == ["train", "--lr", "0.1", "--", "--device"])
    #expect(notes.count == 5 && notes[0].hasPrefix("--device is left out: "))
    let other = ["evaluate", "--device", "cuda"]
    #expect(ReferenceFlags.removed(from: other).arguments == other)
  }

  /// What is typed, and what the answer must name.
  static let questions: [(line: String, answer: String)] = [
    ("train --eval", "use convit evaluate"), ("train --start-epoch=3", "--resume"),
    ("train --pretrained", "nothing is downloaded"), ("predict --pretrained", "--weights"),
    ("train --amp", "--precision bf16"),
    ("evaluate --device cuda", "leave it out"),
    ("train --learning_rate 1", "Did you mean '--lr'?"), ("train --wd=1", "'--weight-decay'?"),
    ("train -b 3", "Did you mean '--batch-size'?"), ("train --bathc-size 3", "'--batch-size'?"),
    ("train --num_classes 3", "'--nb-classes'?"), ("train --lr-min 1", "'--min-lr'?"),
    ("bench --img-size 32", "'--input-size'?"), ("predict --weights-path w", "'--weights'?"),
    ("train --qqqq", "Unknown option '--qqqq'"),
    ("trian --lr 1", "'trian' is no command of convit. Did you mean 'train'?"),
    ("eval", "Did you mean 'evaluate'?"), ("help trian", "Did you mean 'train'?"),
    ("xyzzy", "There are train, "), ("dataset fashon", "convit dataset. Did you mean 'fashion"),
    ("train photos", "Unexpected argument 'photos': the folder of images is --data-path"),
    ("train --model-ema true", "write --model-ema or --no-model-ema"),
    ("train --data-path https://a/b.zip", "--data-path: 'https://a/b.zip' is an address"),
    ("train --config=S3://a/b", "--config: 'S3://a/b' is an address"),
    ("train --resume http://a", "--resume: 'http://a' is an address"),
    ("predict --weights w b.png https://a/c.png", "'https://a/c.png' is an address"),
    ("train --class-weights https://a/b", "--class-weights: 'https://a/b' is an address"),
    ("train --early-stopping 3", "Did you mean '--early-stop'?"),
    ("train --check-val-every-n-epoch 3", "Did you mean '--eval-every'?"),
    ("inspect file:///w", "the path alone"),
  ]

  @Test(arguments: questions.indices) func theRestGetsAnAnswer(index: Int) throws {
    let (line, answer) = Self.questions[index]
    let error = #expect(throws: ValidationError.self) {
      try Main.prepared(line.split(separator: " ").map(String.init))
    }
    #expect(error?.message.contains(answer) == true, "\(error?.message ?? "")")
  }

  /// What is known by another name is known here: otherwise there would be no answer.
  @Test func otherNamesAreOfFlagsThatThereAre() {
    let commands = [["train"], ["evaluate"], ["predict"], ["bench"]]
    let flags = Set(commands.flatMap { CommandFlags(of: $0).flags.map(\.name) })
    let ofTraining = Set(CommandFlags(of: ["train"]).flags.map(\.name))
    for (other, name) in ForeignNames.meanings {
      let isKnown = flags.contains(name)
      #expect(isKnown, "\(other)")
      #expect(!ofTraining.contains(other), "\(other)")
    }
  }
}
