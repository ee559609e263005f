import ConViT
import Foundation
import Testing

@testable import Symmetry

/// `convit linear-gap`.
@Suite struct LinearGapCommandTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  private func run(_ flags: [String]) throws -> Outcome {
    let outcome = try workspace.convit(["linear-gap"] + flags)
    try #require(outcome.status == 0, "\(outcome.err)")
    return outcome
  }

  private func report(_ flags: [String]) throws -> LinearGapReport {
    try JSONDecoder().decode(LinearGapReport.self, from: Data(try run(flags + ["--json"]).out.utf8))
  }

  private func figure(_ flags: [String]) throws -> String {
    _ = try run(flags + ["--output-dir", "figure"])
    return String(decoding: try workspace.read("figure/linear-gap.svg"), as: UTF8.self)
  }

  @Test func theClosedFormAndFits() throws {
    let flags = ["--d", "4", "--group", "c4", "--noise", "0.5", "--monte-carlo", "4000"]
    let outcome = try workspace.convit(
      ["symmetry", "--linear-gap", "--n", "12"] + flags + ["--output-dir", "out"])
    // τ² · dim A / (n − d − 1) with dim A = 4 − 1.
    #expect(outcome.outLines.count == 2 && outcome.outLines[1].contains("0.10714"))
    let report = try JSONDecoder().decode(
      LinearGapReport.self, from: workspace.read("out/linear-gap.json"))
    let row = try #require(report.rows.first)
    let (gap, estimate) = (try #require(row.gap), try #require(row.estimate))
    #expect(report.rows.count == 1 && abs(gap - 0.25 * 3 / 7) < 1e-12)
    #expect(try abs(estimate - gap) < 4 * #require(row.error) && abs(estimate / gap - 1) < 0.05)
    let svg = String(decoding: try workspace.read("out/linear-gap.svg"), as: UTF8.self)
    #expect(svg.contains("Monte Carlo, 4000 fits"))
    // Permutations are not multiplied out.
    #expect(try run(["--d", "1024", "--n", "10", "--group", "d4"]).outLines.count == 2)
  }

  /// Without noise nothing is infinite: d examples are the target.
  @Test func withoutNoise() throws {
    let flags = ["--d", "16", "--group", "c4"]
    let rows = try report(flags + ["--noise", "0"]).rows
    #expect(rows.map(\.n) == [4, 8, 12, 16, 20, 24, 32, 48, 64])
    #expect(rows.allSatisfy { row in row.n < 16 ? row.gap.map { $0 > 0 } ?? false : row.gap == 0 })
    let beside = try report(flags + ["--noise", "0", "--n", "15", "--monte-carlo", "2"]).rows[0]
    #expect(beside.gap.map { $0 > 0 } == true && beside.error != nil)
    #expect(try run(flags).outLines[4].hasSuffix("infinite"))
  }

  /// Rows within 3 of n = d are left out of a default, and marked where they are asked for.
  @Test func estimatesWithoutAVariance() throws {
    let flags = ["--d", "16", "--group", "c4", "--monte-carlo", "4"]
    #expect(try report(flags).rows.map(\.n) == [4, 8, 12, 20, 24, 32, 48, 64])
    for n in ["13", "16", "19"] {
      let lines = try run(flags + ["--n", n]).outLines
      try #require(lines.count == 3)
      #expect(lines[1].hasSuffix(" *") && !lines[1].contains("±"))
      #expect(lines[2].hasPrefix("* Within 3 of n = d"))
      let row = try report(flags + ["--n", n]).rows[0]
      #expect(row.estimate != nil && row.error == nil)
    }
    let lines = try run(flags + ["--n", "20"]).outLines
    #expect(lines.count == 2 && lines[1].contains("±"))
  }

  @Test(arguments: [1, 2, 3, 4]) func sizesOfSmallModels(d: Int) throws {
    let flags = ["--d", "\(d)", "--group", "cyclic:\(d)", "--answers", "regular"]
    let sizes = try report(flags).rows.map(\.n)
    #expect(sizes == Set(sizes).sorted() && sizes.count > 3)
    let drawn = try report(flags + ["--monte-carlo", "2"]).rows
    #expect(drawn.count > 1 && drawn.allSatisfy { abs($0.n - d) > 3 || d == 1 })
  }

  /// A curve has a few hundred points, and none if nothing is gained.
  @Test func theFigure() throws {
    let svg = try figure(["--d", "16", "--group", "d4", "--n", "100000"])
    #expect(svg.utf8.count < 20_000 && svg.contains("closed form"))
    for (flags, line) in [
      (["--d", "16", "--group", "none"], "none changes no linear model."),
      (["--d", "6", "--group", "cyclic:1"], "cyclic:1 changes no linear model."),
    ] {
      #expect(try run(flags).outLines.last == line)
      #expect(try figure(flags).contains(">Averaging gains nothing.<"))
    }
  }

  /// Answers of half the size: of 4 × 4 pixels 2 × 2, with ten maps that commute with D₄.
  @Test func answersOfHalfTheSize() throws {
    let form = try report(
      ["--d", "16", "--group", "D4", "--answers", "half", "--n", "40", "--noise", "0.7"])
    #expect(form.k == 4 && form.group == "d4")
    #expect(abs((form.rows[0].gap ?? 0) - 0.49 * (64 - 10) / 23) < 1e-12)
    let shifts = try report(["--d", "12", "--group", "Cyclic:3", "--answers", "half", "--n", "20"])
    #expect(shifts.k == 6 && shifts.group == "cyclic:3")
    #expect(abs((shifts.rows[0].gap ?? 0) - (72 - 24) / 7.0) < 1e-12)
  }

  @Test(arguments: [
    ("15 d4", "d4 acts on images of √d × √d pixels, and 15 is no square"),
    ("9 cyclic:2", "which does not divide d = 9"), ("9 x", "no group is called 'x'"),
    ("9 fllip", "Did you mean 'flip'?"),
    ("36 cyclic:0", "cyclic:K has 1 to d = 36 steps, found 'cyclic:0'"),
    ("36 cyclic:37", "cyclic:K has 1 to d = 36 steps"), ("0 c4", "d must be 1 to 1024"),
    ("36 cyclic:", "cyclic:K has 1 to d = 36 steps"),
    ("1024 c4 --answers same", "1024 inputs and 1024 answers"),
    ("9 c4 --answers half", "3 × 3 pixels have no half"),
    ("6 cyclic:6 --answers half", "cyclic:6 does not shift the half of d = 6"),
    ("9 c4 --sigma nan", "sigma must be 0.000001 to a million, found nan"),
    ("9 c4 --sigma 0", "sigma must be 0.000001 to a million, found 0"),
    ("9 c4 --noise -1", "noise must be 0 to a million, found -1"),
    ("9 c4 --monte-carlo 1", "monte-carlo must be 0, or 2 to 10000000, found 1"),
  ])
  func badRequests(flags: String, part: String) throws {
    let words = flags.split(separator: " ").map(String.init)
    let arguments = ["--d", words[0], "--group", words[1]] + words[2...]
    try workspace.expectFailure(["linear-gap"] + arguments, status: 2, [part])
  }
}
