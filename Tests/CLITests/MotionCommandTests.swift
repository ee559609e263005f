import ConViT
import Foundation
import Testing

@testable import Symmetry

/// `convit symmetry --lie` and `--gate-sweep`.
@Suite struct MotionCommandTests {
  private let workspace: Workspace
  private let base: [String]

  init() throws {
    workspace = try Workspace()
    let model = try TrainedModel.workspace.get().file("run/model.safetensors")
    base = ["symmetry", "--weights", model, "--data-path", "data", "--group", "flip"]
  }

  private func report(_ flags: [String]) throws -> SymmetryReport {
    let outcome = try workspace.convit(base + flags + ["--json"])
    try #require(outcome.status == 0, "\(outcome.err)")
    return try JSONDecoder().decode(SymmetryReport.self, from: Data(outcome.out.utf8))
  }

  @Test func lieDerivatives() throws {
    let lie = try #require(try report(["--lie", "--output-dir", "out"]).lie)
    #expect(lie.images == 9 && lie.motions.map(\.name) == ImageMotion.allCases)
    #expect(lie.boundary == .cyclic)
    for motion in lie.motions {
      #expect(motion.layers.map(\.kind) == ["gpsa", "mhsa"])
      #expect(try #require(motion.logits) > 0)
      #expect(motion.layers.map { $0.tokens != nil } == [false, true])
    }
    let file = try JSONDecoder().decode(
      SymmetryReport.self, from: workspace.read("out/symmetry.json"))
    #expect(file.lie?.motions.map(\.logits) == lie.motions.map(\.logits))
    #expect(file.gateSweep == nil)
    #expect(!FileManager.default.fileExists(atPath: workspace.file("out/gate-sweep.svg")))
    let zeros = try #require(try report(["--lie", "--boundary", "zeros"]).lie)
    #expect(zeros.boundary == .zeros && zeros.motions[0].logits != lie.motions[0].logits)
    let threads = try #require(try report(["--lie", "--threads", "1"]).lie)
    #expect(threads.motions.map(\.logits) == lie.motions.map(\.logits))
  }

  @Test func theSweep() throws {
    let sweep = try #require(
      try report(["--gate-sweep", "--sample", "3", "--output-dir", "out"]).gateSweep)
    #expect(sweep.shifts == "cyclic:3" && sweep.points.count == 11)
    #expect(sweep.boundary == .cyclic)
    #expect(sweep.points.allSatisfy { $0.layers.map(\.layer) == [0] })
    #expect(sweep.points[0].layers[0].shifts < 1e-6 && sweep.points[10].layers[0].shifts > 1e-3)
    let figure = String(decoding: try workspace.read("out/gate-sweep.svg"), as: UTF8.self)
    for part in ["cyclic:3, own error", "d4, own error", "Lie derivative", "layer 0", "gate σ(λ)"] {
      #expect(figure.contains(part), "\(part)")
    }
    // A later call leaves its own files alone.
    try workspace.write("out/other.svg", Array("mine".utf8))
    let outcome = try workspace.convit(base + ["--output-dir", "out"])
    #expect(outcome.err.contains("wrote out/symmetry.json and symmetry.svg\n"))
    let left = try workspace.listing().filter { $0.hasPrefix("out/") }
    #expect(left == ["out/symmetry.json", "out/symmetry.svg", "out/other.svg"])
  }

  @Test func theTables() throws {
    let outcome = try workspace.convit(base + ["--sample", "3", "--lie", "--gate-sweep"])
    #expect(outcome.status == 0 && outcome.outLines.allSatisfy { $0.count <= 100 })
    let heads = outcome.outLines.filter { $0.contains("Lie derivative by") }
    #expect(heads.count == 4 && heads[2].hasPrefix("rotation, Lie derivative by radian: logits "))
    #expect(outcome.outLines.filter { $0.hasPrefix("    0  gpsa") }.count == 4)
    #expect(outcome.outLines.last?.hasPrefix(" 1.0      0") == true)
    let columns = ["gate", "layer", "cyclic:3", "border", "inside", "d4", "translation", "logits"]
    let (head, last) = (outcome.outLines.suffix(12).first ?? "", outcome.outLines.last ?? "")
    #expect(head.split(separator: " ").map(String.init) == columns, "\(outcome.out)")
    // Each number stands below the end of its column's name.
    func ends(_ line: String) -> [Int] {
      line.matches(of: /[^ ]+/).map { line[..<$0.range.upperBound].count }
    }
    #expect(ends(head) == ends(last), "\(outcome.out)")
  }

  @Test func badRequests() throws {
    try workspace.expectFailure(
      base + ["--boundary", "zeros"], status: 2, ["boundary is for lie and gate-sweep"])
    try workspace.expectFailure(
      base + ["--lie", "--precision", "bf16"], status: 2, ["need precision fp32", "bf16"])
  }
}
