import ArgumentParser
import Autodiff
import Files
import Foundation
import Report
import Symmetry

/// `convit linear-gap`, also as `convit symmetry --linear-gap`.
struct LinearGapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "linear-gap",
    abstract: "Say what averaging gains for linear models, in closed form.",
    discussion: """
      A linear model of --d inputs, N(0, σ²) each, is fitted to n examples by least squares of \
      minimum norm, and averaged over a group: the risk falls by exactly this much (Elesedy and \
      Zaidi 2021). It is infinite for d − 1 ≤ n ≤ d + 1. The target has norm 1 and does not change \
      under the group.

      Groups of images act on √d × √d pixels; cyclic:K shifts the coordinates by multiples of d / K.

        convit linear-gap --d 36 --n 72 --group d4 --monte-carlo 4000
        convit linear-gap --d 16 --group c4 --answers same --output-dir out
      """)

  /// What the answers do under the group.
  enum Answers: String, ExpressibleByArgument, CaseIterable {
    /// One, which does not change.
    case invariant
    /// As many as inputs, which move as the inputs.
    case same
    /// As many as elements, which the group permutes.
    case regular
  }

  @Option(help: .int("The number of inputs.")) var d: Int
  @Option(.int("The number of examples. (default: several, up to 4d)")) var n: Int?
  @Option(help: .name("hflip, c4, d4 and other groups of images, or cyclic:K.")) var group: String
  @Option(help: .name("What is answered: one number, or vectors that move.")) var answers =
    Answers.invariant
  @Option(help: .number("σ, the deviation of each input.")) var sigma = 1.0
  @Option(help: .number("τ, that of the noise of each answer.")) var noise = 1.0
  @Option(help: .int("Fits to estimate the same by; 0 for none.")) var monteCarlo = 0
  @Option(help: .int("What the target and the examples depend on.")) var seed: UInt64 = 0
  @Option(.folder("The folder to write linear-gap.json and linear-gap.svg to."))
  var outputDir: String?
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    try require("d", d, in: 1...1024)
    try require("n", n, in: 1...100_000)
    try require("monte-carlo", monteCarlo, in: 0...10_000_000)
    for (name, value) in [("sigma", sigma), ("noise", noise)] where !(value >= 0 && value < 1e6) {
      throw ValidationError("\(name) must be at least 0 and less than a million, found \(value)")
    }
    let outputs = try usage { try gap().outputs }
    guard d * outputs <= 1 << 16 else {
      throw ValidationError(
        "\(d) inputs and \(outputs) answers are too many: their product may be 65536")
    }
  }

  func run() throws {
    let gap = try gap()
    var random = Random(seed: seed).split("target")
    let target = gap.drawTarget(&random)
    let pool = threads.pool()
    let sizes =
      n.map { [$0] }
      ?? [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4].map {
        max(1, Int(($0 * Double(d)).rounded()))
      }
    let form = gap.closedForm(target: target)
    func closed(_ n: Int) -> Double { form(examples: n, sigma: sigma, noise: noise) }
    let rows = sizes.map { n in
      let estimate =
        monteCarlo > 0
        ? gap.estimate(
          examples: n, target: target, sigma: sigma, noise: noise, draws: monteCarlo, seed: seed,
          on: pool) : nil
      return LinearGapReport.Row(n: n, gap: closed(n), estimate: estimate)
    }
    let report = LinearGapReport(
      d: d, k: gap.outputs, group: group, answers: answers.rawValue, sigma: sigma, noise: noise,
      draws: monteCarlo, rows: rows)
    if let outputDir {
      let output = try OutputFolder(outputDir)
      try output.write(JSON.text(report, isPretty: true) + "\n", to: "linear-gap.json")
      let curve = (1...max(4 * d, sizes.max() ?? 0)).map { (n: $0, gap: closed($0)) }
      try output.write(
        LinearGapFigure(report, curve: curve).svg, to: "linear-gap.svg")
      Terminal.write("wrote \(outputDir)/linear-gap.json and linear-gap.svg\n")
    }
    try Terminal.result(json ? JSON.text(report) : report.lines.joined(separator: "\n"))
  }

  private func gap() throws -> LinearGap {
    let inputs = try representation()
    switch answers {
    case .invariant: return LinearGap(invariantUnder: inputs)
    case .same: return try LinearGap(from: inputs, to: inputs)
    case .regular: return try LinearGap(from: inputs, to: .regular(inputs.group))
    }
  }

  private func representation() throws -> Representation {
    if group.hasPrefix("cyclic:"), let steps = Int(group.dropFirst(7)), steps > 0 {
      guard d % steps == 0 else {
        throw ValidationError("\(group) shifts by d / \(steps), which does not divide d = \(d)")
      }
      let places = (0..<steps).map { step in
        (0..<d).map { ($0 - step * (d / steps) + d) % d }
      }
      return try Representation(.cyclic(steps), places: places)
    }
    let symmetry = try ImageSymmetry(named: group)
    let side = Int(Double(d).squareRoot())
    guard side * side == d else {
      throw ValidationError("\(group) acts on images of √d × √d pixels, and \(d) is no square")
    }
    return try Representation(of: symmetry, height: side, width: side)
  }
}

extension LinearGapReport {
  /// The table.
  var lines: [String] {
    let head =
      draws > 0 ? "      n  closed form  Monte Carlo           ratio" : "      n  closed form"
    return [head]
      + rows.map { row in
        let closed = row.gap.map { String(format: "%11.5f", $0) } ?? "   infinite"
        let start = String(format: "%7d  ", row.n) + closed
        guard let mean = row.estimate, let error = row.error else { return start }
        guard let gap = row.gap, gap != 0 else {
          return start + "  " + String(format: "%11.5f", mean)
        }
        return start + String(format: "  %8.5f ± %7.5f  %7.4f", mean, error, mean / gap)
      }
  }
}
