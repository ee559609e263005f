import Foundation
import Testing

@testable import CLI
@testable import Recipes
@testable import Training

/// `convit evaluate` class by class.
@Suite struct EvaluationTests {
  private func report(_ classes: Int) -> ClassificationReport {
    // Every class has four images, of which as many are right as its number modulo 5.
    let answers = (0..<4 * classes).map { index in
      let (label, place) = (index / 4, index % 4)
      let isRight = place < label % 5
      return Answer(
        index: index, label: label, predicted: isRight ? label : (label + 1) % classes,
        probability: 0.5, ownProbability: 0.25)
    }
    var totals = ClassificationTotals()
    for answer in answers { totals.add(loss: 1, rank: answer.isRight ? 0 : 1) }
    return ClassificationReport(
      totals, answers, of: [], name: { "class \($0)" }, mistakes: 0)
  }

  @Test func fewClassesAreShownWhole() {
    let lines = EvaluationText(report: report(3)).lines
    #expect(
      lines == [
        "class    images  acc@1  precision  taken for",
        "class 0       4   0.00       0.00  class 1 (4)",
        "class 1       4  25.00      20.00  class 2 (3)",
        "class 2       4  50.00      40.00  class 0 (2)",
        "",
        "class \\ answer  class…  class…  class…",
        "class 0              0       4       0",
        "class 1              0       1       3",
        "class 2              2       0       2",
      ])
  }

  @Test func manyClassesAreShownInPart() {
    let lines = EvaluationText(report: report(100)).lines
    #expect(lines.count == 1 + 11 + 1 + 1 + 10)
    #expect(lines[0] == "the worst 10 of 100 classes:" && lines[2].hasPrefix("class 0 "))
    #expect(lines[3].hasPrefix("class 5 ") && lines[11].hasPrefix("class 45 "))
    #expect(
      lines[12].isEmpty
        && lines[13] == "the most frequent confusions, of 80 pairs of class and answer:")
    #expect(lines[14] == "4  class 0   → class 1")
    #expect(lines.allSatisfy { $0.count <= 80 })
  }

  @Test func theCommandWritesAPage() throws {
    let workspace = try Workspace()
    // A model that has learnt nothing makes mistakes.
    try workspace.train("run", ["--lr", "1e-12", "--unscale-lr"])
    let arguments = ["evaluate", "--weights", "run/model.safetensors", "--data-path", "data"]
    let plain = try workspace.convit(arguments)
    let text = try workspace.convit(arguments + ["--per-class"])
    #expect(text.status == 0 && text.outLines.last == plain.outLines.last)
    #expect(text.outLines.count == 1 + 3 + 1 + 3 + 1 && text.outLines[0].hasPrefix("class "))

    let json = try workspace.convit(
      arguments + ["--per-class", "--json", "--output-dir", "out/here", "--mistakes", "2"])
    #expect(
      json.status == 0 && json.errLines.last?.hasPrefix("wrote out/here/evaluation.h") == true)
    struct Line: Decodable {
      let acc1: Double
      let images: Int
      let classes: [ClassificationReport.Class]
      let confusions: [ClassificationReport.Confusion]
    }
    let line = try JSONDecoder().decode(Line.self, from: Data(json.out.utf8))
    #expect(line.classes.reduce(0) { $0 + $1.images } == 9 && line.images == 9)
    let correct = line.classes.reduce(0) { $0 + $1.correct }
    #expect(correct + line.confusions.reduce(0) { $0 + $1.images } == 9)
    #expect(abs(100 * Double(correct) / 9 - line.acc1) < 1e-6)
    let file = try JSONDecoder().decode(
      ClassificationReport.self, from: workspace.read("out/here/evaluation.json"))
    #expect(file.mistakes.count == 2 && file.mistakes[0].path.hasPrefix("data/val/"))
    let page = String(decoding: try workspace.read("out/here/evaluation.html"), as: UTF8.self)
    #expect(page.matches(of: /"data:image\/png;base64,/).count == 2)
    #expect(page.contains(file.mistakes[0].path))
    let rows = String(decoding: try workspace.read("out/here/confusion.csv"), as: UTF8.self)
    #expect(rows.hasPrefix("class,predicted,images\n"))
    #expect(try workspace.listing().contains("out/here/classes.csv"))
    let images = String(decoding: try workspace.read("out/here/images.csv"), as: UTF8.self)
      .split(separator: "\n")
    #expect(images.count == 10 && images[0] == "path,class,predicted,probability,class_probability")
    let worst = file.mistakes[0]
    let start = [worst.path, worst.class, worst.predicted].map { "\"\($0)\"" }
    #expect(images.contains { $0.hasPrefix(start.joined(separator: ",")) })
    #expect(file.average == nil && file.mask == nil && !json.out.contains("mask"))
    try workspace.expectFailure(
      arguments + ["--mistakes", "3"], status: 2, ["mistakes is for --output-dir"])
  }

  /// What was averaged over and masked is said wherever a result is.
  @Test func theConditionsAreSaid() throws {
    let workspace = try Workspace()
    let model = try TrainedModel.workspace.get().file("run/model.safetensors")
    let outcome = try workspace.convit([
      "evaluate", "--weights", model, "--data-path", "data", "--average", "flip",
      "--mask-content", "1", "--mask-pos-embed", "--json", "--output-dir", "out",
    ])
    try #require(outcome.status == 0, "\(outcome.err)")
    struct Line: Decodable {
      let average: String
      let mask: ClassificationReport.Mask
    }
    func check(_ line: Line) {
      #expect(line.average == "hflip" && line.mask.content == 1 && line.mask.position == 0)
      #expect(line.mask.posEmbed)
    }
    check(try JSONDecoder().decode(Line.self, from: Data(outcome.out.utf8)))
    check(try JSONDecoder().decode(Line.self, from: workspace.read("out/evaluation.json")))
    let page = String(decoding: try workspace.read("out/evaluation.html"), as: UTF8.self)
    #expect(page.contains(#""average":"hflip""#) && page.contains(#""pos_embed":true"#))
    #expect(page.contains("probabilities averaged over ${report.average}"))
    let text = try workspace.convit([
      "evaluate", "--weights", model, "--data-path", "data", "--average", "c4",
    ])
    #expect(text.err.contains("9 images, probabilities averaged over c4\n"))
  }

  /// The rows of `convit predict --csv` are the answers of `--json`.
  @Test func predictionsAsATable() throws {
    let workspace = try Workspace()
    let model = try TrainedModel.workspace.get().file("run/model.safetensors")
    let images = ["data/val/ant/0.png", "data/val/cow/1.png"]
    let base = ["predict", "--weights", model, "--topk", "2", "--logits"] + images
    let rows = try workspace.convit(base + ["--csv"]).outLines.map {
      $0.split(separator: ",").map { $0.filter { $0 != "\"" } }
    }
    #expect(
      rows.first == [
        "path", "class_1", "probability_1", "class_2", "probability_2", "logit_0", "logit_1",
        "logit_2",
      ])
    let answers = try workspace.convit(base + ["--json"]).outLines.map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
    }
    #expect(rows.count == 3 && answers.count == 2)
    for (row, answer) in zip(rows.dropFirst(), answers) {
      let top = try #require(answer?["top"] as? [[String: Any]])
      #expect(row[0] == answer?["path"] as? String && row[3] == top[1]["class"] as? String)
      let probability = try #require(top[0]["probability"] as? Double)
      #expect(abs((Double(row[2]) ?? 0) - probability) < 1e-6)
      let logits = try #require(answer?["logits"] as? [Double])
      #expect(abs((Double(row[7]) ?? 0) - logits[2]) < 1e-5)
    }
    try workspace.expectFailure(base + ["--csv", "--json"], status: 2, ["json and csv are two"])
  }
}
