import Foundation
import Testing

@Suite struct BenchDataTests {
  struct Report: Decodable {
    let mode: String
    let batch_size, threads, images: Int
    let images_per_second, images_per_core_second, peak_rss_mb: Double
  }

  private static let arguments = [
    "bench", "--mode", "data", "--data-path", "data", "--input-size", "40", "--batch-size", "5",
    "--seconds", "0.2", "--json",
  ]

  @Test(arguments: [1, 3]) func imagesAreCounted(threads: Int) throws {
    let workspace = try Workspace()
    let outcome = try workspace.convit(Self.arguments + ["--threads", "\(threads)"])
    #expect(outcome.status == 0 && outcome.err.isEmpty)
    let report = try JSONDecoder().decode(Report.self, from: Data(outcome.out.utf8))
    #expect(report.mode == "data" && report.batch_size == 5 && report.threads == threads)
    // 24 images are four batches of 5 and one of 4.
    #expect(report.images > 24 && [0, 4].contains(report.images % 24 % 5))
    #expect(report.images_per_second > 0 && report.images_per_core_second > 0)
    #expect(report.peak_rss_mb > 1)
  }

  @Test func aBadImageIsNamed() throws {
    let workspace = try Workspace()
    try workspace.write("data/train/bee/5.png", Array("no image".utf8))
    try workspace.expectFailure(Self.arguments, status: 1, ["data/train/bee/5.png: expected PNG"])
  }
}
