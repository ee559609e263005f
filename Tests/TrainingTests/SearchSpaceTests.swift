import Autodiff
import ConViT
import Testing
import Training

@testable import Recipes

@Suite struct SearchSpaceTests {
  private static let text = """
    title: Small
    base: {model: deit_tiny_patch16_224, input-size: 8, patch-size: 4}
    choices:
      dim: [8, 12, 16]
      heads: [1, 2, 4]
      depth: {from: 1, to: 3}
      mlp-ratio: [0.5, 2]
      gate: [trained, absent]
    settings: {head-dim: dim / heads}
    where: ["dim % (heads * 4) == 0 or heads == 1", depth <= 2, gate == "trained"]
    """

  private func space(_ text: String = text) throws -> SearchSpace {
    try SearchSpace(yaml: text, of: "s.yaml")
  }

  /// dim and heads: 8 with 1, 2; 12 with 1; 16 with 1, 2, 4. Depths 1 and 2, two ratios.
  @Test func candidatesAreWhatConditionsAllow() throws {
    let space = try space()
    #expect(space.size == 108)
    let allowed = try space.allowed()
    #expect(allowed.count == 6 * 2 * 2 && Set(allowed).count == 24)
    let all = try space.sample(1000, seed: 3)
    #expect(Set(all.map(\.places)) == Set(allowed))
    for candidate in all {
      let model = try candidate.configuration.modelConfiguration(classes: 3)
      #expect([8, 12, 16].contains(model.embedDim) && model.embedDim % model.heads == 0)
      #expect(
        candidate.name == "dim \(model.embedDim), heads \(model.heads), depth \(model.depth), "
          + "mlp-ratio \(model.mlpRatio == 2 ? "2" : "0.5"), gate trained")
    }
  }

  @Test func samplesFollowFromTheSeed() throws {
    let space = try space()
    let (a, b) = (try space.sample(5, seed: 1), try space.sample(5, seed: 1))
    #expect(a == b && Set(a).count == 5)
    #expect(try space.sample(5, seed: 2) != a)
    #expect(Array(try space.sample(9, seed: 1).prefix(5)) == a)
  }

  @Test func aLargeSpaceIsDrawnFrom() throws {
    let text = """
      base: {model: deit_tiny_patch16_224, heads: 1}
      choices: {head-dim: {from: 1, to: 9000}, depth: {from: 1, to: 900}}
      where: [head-dim % 2 == 0]
      """
    let found = try SearchSpace(yaml: text, of: "s.yaml").sample(3, seed: 0)
    #expect(Set(found).count == 3)
    #expect(found.allSatisfy { ($0.configuration.headDim ?? 1) % 2 == 0 })
    let rare = text.replacing("% 2 == 0", with: "== 9000 and depth == 1")
    #expect(throws: TrainingError.self) {
      try SearchSpace(yaml: rare, of: "s.yaml").sample(3, seed: 0)
    }
  }

  @Test func stepsAreRoundNumbers() throws {
    let text = "base: {heads: 1}\nchoices: {mlp-ratio: {from: 0.1, to: 0.5, step: 0.1}}"
    let names = Set(try space(text).sample(9, seed: 0).map(\.name))
    #expect(names == Set((1...5).map { "mlp-ratio 0.\($0)" }))
  }

  @Test func mutationsChangeOneChoice() throws {
    let space = try space()
    var random = Random(seed: 4)
    let start = try space.sample(1, seed: 0)[0]
    var seen: Set<[Int]> = []
    for _ in 0..<200 {
      let changed = try #require(try space.mutated(start, using: &random))
      #expect(zip(changed.places, start.places).count { $0 != $1 } == 1)
      #expect(try space.isAllowed(changed.places))
      seen.insert(changed.places)
    }
    let neighbours = try space.allowed().count { places in
      zip(places, start.places).count { $0 != $1 } == 1
    }
    #expect(seen.count == neighbours)
  }

  @Test(arguments: [
    ("1 + 2 * 3 - 4 / 2 == 5", true), ("(1 + 2) * 3 == 9", true), ("7 % 4 < 3", false),
    ("a-b - 1 == 4 and 1 == 1 or 1 == 2", true), ("word != \"other\"", true),
    ("not 1 == 2 and not (1 == 1 and 2 == 3)", true), ("not not 1 == 1", true),
    ("1e-3 == 0.001 and 2.5e2 == 250", true), ("2 - 3 == -1 and -(2) < -1.5", true),
    ("1 == 1 or not 1 == 1", true), ("not 1 == 1 or 1 == 2", false),
    ("1 < 2 and 2 < 1", false), ("8 / 2 / 2 == 2", true),
  ]) func formulas(_ text: String, _ expected: Bool) throws {
    let formula = try SpaceExpression(text)
    let value = try formula.value(["a-b": .number(5), "word": .word("this")])
    #expect(value == .truth(expected))
  }

  @Test(arguments: [
    ("choices: {depth: []}", "choices: depth: expected values"),
    ("choices: {depth: [1, 1]}", "a value is there twice"),
    ("choices: {}", "choices must name"), ("other: 1", "unknown key 'other'"),
    ("choices: {wide: [1]}", "'wide' is no setting, and no formula uses it"),
    ("choices: {depth: [1]}\nwhere: [dept == 1]", "'dept' in 'dept == 1' is none of the choices"),
    ("choices: {depth: [1]}\nwhere: [depth +]", "a formula ends too early"),
    ("choices: {depth: [1]}\nwhere: [(depth == 1]", "a parenthesis is not closed"),
    ("choices: {depth: [1]}\nwhere: [depth & 1]", "cannot read 'depth & 1' from"),
    ("choices: {seed: [1, 2]}", "seed is the command's to say, for all candidates: leave it out"),
    ("choices: {depth: [1]}\nbase: {data-path: d}", "data-path is the command's to say"),
    ("choices: {depth: [1]}\nbase: {finetune: w}", "finetune: candidates are scored at their init"),
    ("choices: {lr: [-1]}", "lr -1: lr must be positive"),
    ("choices: {mixup: [.nan]}", "mixup nan: mixup"),
    (
      "choices: {mlp-ratio: [0.5]}\nbase: {dim: 1, heads: 1}",
      "an MLP ratio of 0.5 leaves no hidden unit of 1 dimensions"
    ),
    ("choices: {depth: [1]}\nwhere: [depth = 1]", "'=' in 'depth = 1': to compare, write '=='"),
    ("choices: {depth: [1]}\nwhere: [0 < depth < 4]", "'<' after a comparison: join two of them"),
    ("choices: {depth: [1]}\nwhere: [not depth]", "'not depth': 'not' of what is neither true"),
    ("choices: {depth: [1]}\nwhere: [not dept == 1]", "'dept' in 'not dept == 1' is none of"),
    ("choices: {depth: [1]}\nwhere: [depth]", "'depth' is neither true nor false"),
    ("choices: {depth: [1]}\nwhere: [depth / 0 == 1]", "'/' of 1 and 0"),
    ("choices: {depth: [1]}\nsettings: {dept: depth}", "unknown key 'dept'"),
    (
      "choices: {local-up-to-layer: [20]}",
      "local-up-to-layer 20: local_up_to_layer is 20, expected 0 to depth"
    ),
    ("choices: {depth: {from: 3, to: 1}}", "{from: 1, to: 4, step: 1}"),
    ("choices: {depth: {from: 1, to: 3, stpe: 2}}", "{from: 1, to: 4, step: 1}"),
    ("choices: {depth: [1]}\nwhere: depth == 1", "where: expected a list of conditions"),
    ("choices: {depth: [1]}\nsettings: head-dim", "settings: expected settings with formulas"),
    ("choices: {depth: [1]}\nbase: [1]", "base: expected settings with values"),
    ("choices: {depth: [1], a: {each: [b], times: 2}}\nwhere: [a == 1]", "each must have numbers"),
    ("title: s.yaml\nchoices: {depth: [1]}\nwhere: [depth == 2]", "its conditions allow nothing"),
    (
      "choices: {depth: [1]}\nbase: {mlp-ratio: 2, hidden-by-layer: [4]}",
      "mlp-ratio and hidden-by-layer both say"
    ),
    (
      "choices: {depth: [1], heads-by-layer: {each: [3], times: dept}}",
      "choices: heads-by-layer: each must have numbers, and times must be a number from 1 to 1000"
    ),
    (
      "choices: {depth: [0.5], heads-by-layer: {each: [3], times: depth}}", "times must be a number"
    ),
    ("choices: {depth: [1], a: {each: [3], times: 1}}\nwhere: [a == 3]", "'==' of 3 and 3"),
  ]) func mistakesAreNamed(_ text: String, _ part: String) throws {
    let error = try #require(throws: TrainingError.self) {
      _ = try SearchSpace(yaml: text, of: "s.yaml").sample(1, seed: 0)
    }
    #expect(error.message.hasPrefix("s.yaml") && error.message.contains(part), "\(error.message)")
  }

  private static let layers = """
    base: {model: deit_tiny_patch16_224, input-size: 8, patch-size: 4, head-dim: 4}
    choices:
      depth: [1, 2, 3]
      heads-by-layer: {each: [2, 3], times: depth}
      ratio: {each: [0.5, 2], times: depth}
      dim: [8, 12]
    settings: {hidden-by-layer: ratio * dim}
    """

  /// A value for each layer: 4 + 16 + 64 ways to choose heads and ratios, two widths.
  @Test func listsAreAsLongAsTheDepth() throws {
    let space = try space(Self.layers)
    let allowed = try space.allowed()
    #expect(allowed.count == 2 * (4 + 16 + 64) && Set(allowed).count == allowed.count)
    for candidate in try space.sample(1000, seed: 0) {
      let model = try candidate.configuration.modelConfiguration(classes: 2)
      #expect(model.headsByLayer?.count == model.depth && model.headFeatures == 4)
      let hidden = try #require(model.hiddenDimByLayer)
      #expect(hidden.allSatisfy { [model.embedDim / 2, 2 * model.embedDim].contains($0) })
      _ = try VisionTransformer(model)
    }
    #expect(Set(try space.sample(1000, seed: 0).map(\.name)).count == allowed.count)
  }

  /// A change of one place is one that is used; a shorter list leaves nothing behind.
  @Test func listsChangeInOnePlace() throws {
    let space = try space(Self.layers)
    var random = Random(seed: 1)
    let start = try #require(
      try space.sample(1000, seed: 0).first { $0.name.hasPrefix("depth 2, heads-by-layer 3 3") })
    var depths: Set<Int> = []
    for _ in 0..<100 {
      let changed = try #require(try space.mutated(start, using: &random))
      #expect(changed.name != start.name && space.canonical(changed.places) == changed.places)
      depths.insert(changed.configuration.headsByLayer?.count ?? 0)
    }
    #expect(depths == [1, 2, 3])
  }

  @Test func aLargeSpaceOfLists() throws {
    let space = try SearchSpace(contentsOf: "Configs/search/autoformer-ti.yaml")
    let found = try space.sample(20, seed: 0)
    #expect(Set(found.map(\.name)).count == 20)
    let model = try found[0].configuration.modelConfiguration(classes: 10)
    #expect((12...14).contains(model.depth) && model.headFeatures == 64)
    #expect(model.hiddenDimByLayer?.allSatisfy { (672...960).contains($0) } == true)
  }

  @Test func shippedSpaces() throws {
    for (name, least) in [("fashion-mnist", 288), ("convit", 720)] {
      let space = try SearchSpace(contentsOf: "Configs/search/\(name).yaml")
      #expect(try space.sample(5, seed: 0).count == 5 && space.allowed().count >= least)
    }
  }
}
