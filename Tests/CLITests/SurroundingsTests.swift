import Foundation
import Images
import Recipes
import Testing

@testable import CLI

/// What the environment says, and images that hold nothing, change no number.
@Suite struct SurroundingsTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  /// BLAS runs on one thread in each of ours, and decimals have a point.
  @Test func threadsOfBLASAndLocale() throws {
    try workspace.train("run", ["--threads", "2"])
    let other = try ConvitProcess.run(
      Workspace.flags(
        ["train", "--data-path", "data", "--output-dir", "other", "--threads", "2"],
        replacedBy: Workspace.tiny), in: workspace.path,
      environment: ["OPENBLAS_NUM_THREADS=7", "OMP_NUM_THREADS=7", "LC_ALL=de_DE.UTF-8"])
    #expect(other.status == 0 && other.err.contains(", 2 threads\n"))
    #expect(other.err.firstMatch(of: /loss \d+\.\d{3} test \d/) != nil)
    #expect(
      try workspace.read("other/model.safetensors") == workspace.read("run/model.safetensors"))
  }

  @Test func aFileGetsNoControlCharacters() throws {
    let outcome = try workspace.train("run", ["--epochs", "2"])
    #expect(!outcome.err.contains { $0 == "\r" || $0 == "\u{1b}" })
    #expect(outcome.errLines.count { $0.hasPrefix("epoch ") } == 2)
  }

  /// An image that memory is not there for is a bad one, and a tensor ends the command by a line.
  @Test(
    .disabled(
      if: ProcessInfo.processInfo.environment["CONVIT_SANITIZER"] != nil,
      "a sanitizer takes more memory than the limit")
  ) func tooLittleMemory() throws {
    let side = 8200
    try writePNG(
      gray: [UInt8](repeating: 7, count: side * side), width: side, height: side,
      to: workspace.file("data/val/\(Workspace.classes[0])/large.png"))
    let verified = try ConvitProcess.run(
      ["verify", "data", "--threads", "1"], in: workspace.path, memoryLimit: 400 << 20)
    #expect(verified.status == 1)
    #expect(verified.out.contains("large.png: PNG: no memory for 403440000 bytes"))
    let bench = try ConvitProcess.run(
      ["bench", "--model", "convit_base", "--batch-size", "8", "--steps", "1"],
      in: workspace.path, memoryLimit: 400 << 20)
    #expect(bench.status == 1)
    #expect(bench.errLines.last?.hasPrefix("convit: out of memory: ") == true, "\(bench.err)")
  }

  /// Several copies of a build without MPI would each train the same run.
  @Test func severalProcessesNeedMPI() throws {
    for (rank, messages) in [("0", 1), ("1", 0)] {
      let outcome = try ConvitProcess.run(
        ["train", "--data-path", "data", "--output-dir", "run"], in: workspace.path,
        environment: ["PMI_RANK=\(rank)", "PMI_SIZE=4"])
      #expect(outcome.status == 2 && outcome.errLines.count == messages)
      for line in outcome.errLines {
        #expect(line.hasPrefix("convit: 4 processes were started together, and this build trains"))
        #expect(line.contains("--traits MPI"))
      }
    }
    let others = try ConvitProcess.run(
      ["evaluate", "--data-path", "data", "--weights", "w"], in: workspace.path,
      environment: ["PMI_RANK=0", "PMI_SIZE=4"])
    #expect(others.status == 2)
    #expect(others.err.contains("4 processes were started together, and each would do all of the"))
    #expect(LaunchedProcess([:]) == nil)
    #expect(LaunchedProcess(["PMI_RANK": "0", "PMI_SIZE": "1"]) == nil)
    let openMPI = ["OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "3"]
    #expect(LaunchedProcess(openMPI)?.rank == 2 && LaunchedProcess(openMPI)?.count == 3)
    let slurm = ["PMIX_RANK": "7", "SLURM_STEP_NUM_TASKS": "8"]
    #expect(LaunchedProcess(slurm)?.rank == 7 && LaunchedProcess(slurm)?.count == 8)
  }

  @Test func timesThatAreNone() {
    for seconds in [Double.nan, .infinity, -1, 1e12] { #expect(clock(seconds) == "–") }
    #expect(clock(0) == "0:00" && clock(3725.4) == "1:02:05")
  }

  /// Images of one value: no variance, and still numbers.
  @Test(arguments: [UInt8(0), 124]) func constantImages(value: UInt8) throws {
    for split in ["train", "val"] {
      for name in Workspace.classes {
        for index in 0..<3 {
          let path = "data/\(split)/\(name)/\(index).png"
          try writePNG(
            gray: [UInt8](repeating: value, count: 144), width: 12, height: 12,
            to: workspace.file(path))
        }
      }
    }
    try workspace.train("run", ["--epochs", "2"])
    let log = String(decoding: try workspace.read("run/log.jsonl"), as: UTF8.self)
    for line in log.split(separator: "\n") {
      let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect((record?["test_loss"] as? Double)?.isFinite == true)
    }
  }
}
