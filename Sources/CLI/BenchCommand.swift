import ArgumentParser
import Autodiff
import ConViT
import Foundation
import Training

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure how fast a model trains or predicts here.",
    discussion: "Random images that are in memory; the rate is that of the median step.")

  @Option(help: "A preset; see convit models.") var model = "convit_tiny"
  @Option(help: "Pixels of the images: N, or HxW.") var inputSize: InputSize?
  @Option(help: "Images a step.") var batchSize = 32
  @Option(help: "train or inference.") var mode = Benchmark.Mode.train
  @Option(help: "Threads that compute. (default: the processors)") var threads: Int?
  @Option(help: "Seconds to measure.") var seconds = 10.0
  @Option(help: "Steps to measure, instead of seconds.") var steps: Int?
  @Option(help: "Steps before the clock starts.") var warmup = 2
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    for (name, value) in [
      ("batch-size", batchSize), ("threads", threads ?? 1), ("steps", steps ?? 1),
    ] where value < 1 { throw ValidationError("\(name) must be at least 1, found \(value)") }
    guard warmup >= 0 else { throw ValidationError("warmup must not be negative, found \(warmup)") }
    guard seconds > 0 else { throw ValidationError("seconds must be positive, found \(seconds)") }
  }

  func run() throws {
    var configuration = try ViTConfiguration.preset(of: model)
    if let size = inputSize?.size {
      (configuration.imageHeight, configuration.imageWidth) = (size.height, size.width)
    }
    var benchmark = Benchmark(
      name: model, configuration: configuration, mode: mode, batchSize: batchSize,
      threads: threads ?? WorkerPool.availableProcessors)
    (benchmark.warmup, benchmark.steps, benchmark.seconds) = (warmup, steps, seconds)
    let report = try benchmark()
    json ? try printJSON(report) : show(report)
  }

  private func printJSON(_ report: Benchmark.Report) throws {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(report), as: UTF8.self))
  }

  private func show(_ report: Benchmark.Report) {
    print("\(report.model), \(report.mode), batch \(report.batchSize), \(report.threads) threads")
    print("BLAS      \(report.blas)")
    print(
      String(
        format: "speed     %.1f images/s (fastest step %.1f)", report.imagesPerSecond,
        report.imagesPerSecondBest))
    print(
      String(
        format: "products  %.0f GFLOPS; the library alone %.0f", report.gflops, report.gemmGflops))
    print(String(format: "memory    %.0f MB at most", report.peakRssMb))
    for (kind, share) in report.breakdown.sorted(by: { $0.value > $1.value }) {
      print(
        "  \(kind.padding(toLength: 10, withPad: " ", startingAt: 0))"
          + String(format: "%5.1f %%", 100 * share))
    }
  }
}

extension Benchmark.Mode: ExpressibleByArgument {}
