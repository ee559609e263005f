import ConViT
import Files
import Foundation

/// The milliseconds that it takes to predict one image, in batches of 32 on all threads, as
/// `convit bench --mode inference` measures them; kept in a file, so that a search that is resumed
/// decides as before, whatever its threads.
package struct PredictionTimes {
  private let folder: String?
  private static let name = "milliseconds.json"
  private var known: [String: Time] = [:]

  private struct Time: Codable {
    let model: ViTConfiguration
    let milliseconds: [Double]
  }

  /// Those that an earlier start has left in a folder, if one is named.
  package init(in folder: String? = nil) throws {
    self.folder = folder
    try read()
  }

  private mutating func read() throws {
    guard let path = folder.map({ "\($0)/\(Self.name)" }),
      let data = FileManager.default.contents(atPath: path)
    else { return }
    do {
      known = try JSONDecoder().decode([String: Time].self, from: data)
    } catch {
      throw FileError(path: path, reason: "is not a table of milliseconds; remove it")
    }
  }

  /// Milliseconds an image of the model that is called so, by each third of the measurement.
  package mutating func callAsFunction(
    _ name: String, _ model: ViTConfiguration, threads: Int
  ) throws -> [Double] {
    if let time = known[name], time.model == model { return time.milliseconds }
    // One process at a time measures, and the others take over what it found.
    let lock = try folder.flatMap { try FolderLock(sharing: $0, waits: true) }
    defer { withExtendedLifetime(lock) {} }
    try read()
    if let time = known[name], time.model == model { return time.milliseconds }
    var benchmark = Benchmark(
      name: name, model: try VisionTransformer(model), mode: .inference, batchSize: 32,
      threads: threads)
    benchmark.seconds = 1
    let times = try benchmark.secondsPerImage().map { 1000 * $0 }
    known[name] = Time(model: model, milliseconds: times)
    if let folder { try OutputFolder(folder).write(JSON.text(known), to: Self.name) }
    return times
  }
}
