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
      Zaidi 2021). With noise it is infinite for d − 1 ≤ n ≤ d + 1; without, it is 0 from n = d \
      on, where the fit is the target itself. The target has norm 1 and commutes with the group.

      Groups of images act on √d × √d pixels; cyclic:K shifts the coordinates by multiples of d / K.

      --monte-carlo fits models to random examples. With noise, and n within 3 of d, the gap of \
      one fit has no variance: a mean of them says little there, and is marked with *.

        convit linear-gap --d 36 --n 72 --group d4 --monte-carlo 4000
        convit linear-gap --d 16 --group c4 --answers same --output-dir out
      """)

  /// What the answers do under the group.
  enum Answers: String, ExpressibleByArgument, CaseIterable {
    /// One, which does not change.
    case invariant
    /// As many as inputs, which move as the inputs.
    case same
    /// An image of half the side, or half as many numbers, which move as the inputs do.
    case half
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
  @Option(help: .int("Fits to estimate the same by, 2 or more; 0 for none.")) var monteCarlo = 0
  @Option(help: .int("What the target and the examples depend on.")) var seed: UInt64 = 0
  @Option(.folder("The folder to write linear-gap.json and linear-gap.svg to."))
  var outputDir: String?
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    try require("d", d, in: 1...1024)
    try require("n", n, in: 1...100_000)
    guard monteCarlo == 0 || (2...10_000_000).contains(monteCarlo) else {
      throw ValidationError("monte-carlo must be 0, or 2 to 10000000, found \(monteCarlo)")
    }
    guard sigma >= 1e-6, sigma < 1e6 else {
      throw ValidationError("sigma must be 0.000001 to a million, found \(sigma)")
    }
    guard noise >= 0, noise < 1e6 else {
      throw ValidationError("noise must be 0 to a million, found \(noise)")
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
    let form = gap.closedForm(target: target)
    let pool = threads.pool()
    let rows = sizes(form).map { n in
      let estimate =
        monteCarlo > 0
        ? gap.estimate(
          examples: n, target: target, sigma: sigma, noise: noise, draws: monteCarlo, seed: seed,
          on: pool) : nil
      return LinearGapReport.Row(
        n: n, gap: form(examples: n, sigma: sigma, noise: noise), estimate: estimate)
    }
    let report = LinearGapReport(
      d: d, k: gap.outputs, group: try symmetry()?.name ?? group.lowercased(),
      answers: answers.rawValue, sigma: sigma, noise: noise, draws: monteCarlo, rows: rows)
    if let outputDir {
      let output = try OutputFolder(outputDir)
      try output.write(JSON.text(report, isPretty: true) + "\n", to: "linear-gap.json")
      let figure = LinearGapFigure(report) { form(examples: $0, sigma: sigma, noise: noise) }
      try output.write(figure.svg, to: "linear-gap.svg")
      Terminal.write("wrote \(outputDir)/linear-gap.json and linear-gap.svg\n")
    }
    let notes = gap.freeDimensions > 0 ? [] : ["\(report.group) changes no linear model."]
    try Terminal.result(
      json ? JSON.text(report) : (report.lines + notes).joined(separator: "\n"))
  }

  /// The examples of each row: as asked for, or some of which an estimate says something.
  private func sizes(_ form: LinearGap.ClosedForm) -> [Int] {
    if let n { return [n] }
    let parts = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2].map { max(1, Int(($0 * Double(d)).rounded())) }
    let all = Set(parts + [max(3 * d, d + 4), max(4 * d, d + 8)]).sorted()
    return monteCarlo > 0 ? all.filter { form.hasVariance(examples: $0, noise: noise) } : all
  }

  private func gap() throws -> LinearGap {
    let inputs = try representation()
    switch answers {
    case .invariant: return LinearGap(invariantUnder: inputs)
    case .same: return try LinearGap(from: inputs, to: inputs)
    case .half: return try LinearGap(from: inputs, to: representation(isHalf: true))
    case .regular: return try LinearGap(from: inputs, to: .regular(inputs.group))
    }
  }

  /// What the group does to the inputs, or to answers of half the size.
  private func representation(isHalf: Bool = false) throws -> Representation {
    guard let symmetry = try symmetry() else { return try shifts(isHalf ? d / 2 : d) }
    let side = Int(Double(d).squareRoot())
    guard side * side == d else {
      throw ValidationError(
        "\(symmetry.name) acts on images of √d × √d pixels, and \(d) is no square")
    }
    guard !isHalf || side % 2 == 0 else {
      throw ValidationError("answers half: \(side) × \(side) pixels have no half")
    }
    let size = isHalf ? side / 2 : side
    return try Representation(of: symmetry, height: size, width: size)
  }

  /// The group if it is one of images.
  private func symmetry() throws -> ImageSymmetry? {
    group.lowercased().hasPrefix("cyclic:") ? nil : try ImageSymmetry(named: group)
  }

  /// cyclic:K on so many coordinates.
  private func shifts(_ count: Int) throws -> Representation {
    guard let steps = Int(group.dropFirst(7)), (1...d).contains(steps) else {
      throw ValidationError("cyclic:K has 1 to d = \(d) steps, found '\(group)'")
    }
    guard d % steps == 0 else {
      throw ValidationError("\(group) shifts by d / \(steps), which does not divide d = \(d)")
    }
    guard answers != .half || d % (2 * steps) == 0 else {
      throw ValidationError("answers half: \(group) does not shift the half of d = \(d)")
    }
    let places = (0..<steps).map { step in
      (0..<count).map { ($0 - step * (count / steps) + count) % count }
    }
    return try Representation(.cyclic(steps), places: places)
  }
}

extension LinearGapReport {
  /// The table.
  var lines: [String] {
    let head =
      draws > 0 ? "      n  closed form  Monte Carlo           ratio" : "      n  closed form"
    let table = rows.map { row in
      let closed = row.gap.map { String(format: "%11.5f", $0) } ?? "   infinite"
      let start = String(format: "%7d  ", row.n) + closed
      guard let mean = row.estimate else { return start }
      guard let error = row.error else { return start + String(format: "  %8.5f *", mean) }
      let drawn = start + String(format: "  %8.5f ± %7.5f", mean, error)
      guard let gap = row.gap, gap != 0 else { return drawn }
      return drawn + String(format: "  %7.4f", mean / gap)
    }
    let isMarked = rows.contains { $0.estimate != nil && $0.error == nil }
    return [head] + table
      + (isMarked ? ["* Within 3 of n = d one fit has no variance: the mean says little."] : [])
  }
}
