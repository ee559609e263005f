import Foundation
import Recipes
import Testing

/// `convit ticket`, and what `convit train` makes of a ticket.
@Suite struct TicketCommandTests {
  private let tiny =
    ["--data-path", "data", "--input-size", "12", "--patch-size", "4", "--heads", "4"]
    + ["--head-dim", "4", "--depth", "2", "--local-up-to-layer", "1", "--batch-size", "4"]
    + ["--epochs", "3", "--rewind-step", "2", "--rounds", "2", "--threads", "2"]

  private struct Row: Decodable {
    let method: String
    let accuracy, sparsity, steps: Double
  }
  private struct Report: Decodable {
    let rows: [Row]
    let notes: [String]
  }

  @Test func fromASearchToATraining() throws {
    let workspace = try Workspace()
    let search = ["ticket", "--method", "prac", "random", "--rate", "0.5"] + tiny
    let outcome = try workspace.convit(search + ["--output-dir", "t"])
    try #require(outcome.status == 0, "\(outcome.err)")
    let lines = outcome.outLines
    #expect(lines.first?.hasPrefix("method  sparsity") == true && lines.count == 5)
    #expect(lines.last?.contains("there is one seed") == true)
    let report = try JSONDecoder().decode(
      Report.self, from: try workspace.read("t/tickets.json"))
    #expect(report.rows.map(\.method) == ["dense", "prac", "random"])
    #expect(report.rows[1].sparsity == report.rows[2].sparsity && report.rows[2].steps == 2)
    let table = try String(decoding: workspace.read("t/tickets.csv"), as: UTF8.self)
    let named = table.split(separator: "\n").dropFirst().map { $0.prefix { $0 != "," } }
    #expect(named == ["dense", "prac", "prac", "random"])
    let accuracy = table.split(separator: "\n")[1].split(separator: ",")[6]
    #expect(Double(accuracy) == report.rows[0].accuracy)
    // The defaults that only a search has.
    let dense = try String(decoding: workspace.read("t/seed-0/dense/config.yaml"), as: UTF8.self)
    for line in ["repeated-aug: false", "mixup: 0", "cutmix: 0", "sched-on-updates: true"] {
      #expect(dense.contains(line))
    }
    let hard = try String(decoding: workspace.read("t/hard.csv"), as: UTF8.self)
    #expect(hard.split(separator: "\n").count == 25)

    let again = try workspace.convit(search + ["--output-dir", "t"])
    #expect(again.status == 2 && again.err.contains("resume it by --resume auto"))
    let resumed = try workspace.convit(search + ["--output-dir", "t", "--resume", "auto"])
    #expect(resumed.status == 0 && resumed.outLines == lines)

    // The ticket says which model it is; what it prunes stays 0.
    let ticket = "t/seed-0/prac/ticket-2.safetensors"
    let trained = try workspace.convit([
      "train", "--ticket", ticket, "--data-path", "data", "--output-dir", "run", "--epochs", "1",
      "--batch-size", "4", "--no-repeated-aug",
    ])
    try #require(trained.status == 0, "\(trained.err)")
    #expect(!trained.err.contains("prac.indices"), "the set is a part of a ticket")
    #expect(trained.err.contains("of its weights are pruned, and stay 0\n"))
    let inspected = try workspace.convit(["inspect", "run/model.safetensors"])
    #expect(inspected.status == 0 && inspected.out.contains("75"))
    let other = try workspace.convit([
      "train", "--prac-set", ticket, "--data-path", "data", "--output-dir", "other", "--epochs",
      "1", "--model", "deit_tiny_patch16_224", "--input-size", "12", "--patch-size", "4",
      "--heads", "1", "--head-dim", "4", "--depth", "1", "--batch-size", "2",
    ])
    #expect(other.status == 0, "\(other.err)")
  }

  @Test(arguments: [
    (["--method", "lottery"], "method must be of prac, imp"),
    (["--method", "all", "lottery"], "method must be of prac, imp"),
    (["--rate", "1"], "rate must be between 0 and 1"),
    (["--retrain", "3"], "there are tickets of rounds 1 to 2, not of 3"),
    (["--early-bird", "0.1", "--method", "imp"], "early-bird is for the methods prac and early"),
    (["--early-bird-warmup", "3"], "early-bird-warmup needs early-bird"),
    (["--rewind-step", "1000"], "rewind-step is 1000, but the dense training has 18 steps"),
    (["--floor", "0.5", "--rate", "0.9"], "and the floors of the layers keep"),
    (["--scaling", "square"], "scaling"),
    (["--resume", "elsewhere"], "a search resumes with auto"),
    (["--prac-set", "t"], "prac-set: of the methods only imp trains on a set that is given"),
    (["--finetune", "w", "--prune", "0.5"], "prune: a search prunes by itself"),
  ])
  func wrongUse(_ flags: [String], _ message: String) throws {
    let workspace = try Workspace()
    let outcome = try workspace.convit(["ticket"] + tiny + flags + ["--output-dir", "t"])
    #expect(outcome.status == 2 && outcome.err.contains(message), "\(outcome.err)")
    #expect(try !workspace.listing().contains { $0.hasPrefix("t/") }, "nothing is begun")
  }
}
