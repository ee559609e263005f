import Files
import Foundation
import TensorBoard

/// The file of a run that TensorBoard reads: what the logs say, a line a record.
///
/// It holds nothing that the logs have not, so that a run that resumes can put it right from them:
/// whatever a crash left, TensorBoard shows every line once.
package struct BoardFile: Sendable {
  /// The file's name in the folder of a run. TensorBoard reads every file with `tfevents` in its
  /// name; this one is always the same, so that there is one.
  package static let name = "\(folder)/events.out.tfevents.0.convit"
  package static let folder = "tensorboard"

  private let path: String

  /// Makes the file of the run in a folder say what its logs say.
  ///
  /// Records from the first on that say it already stay, with their times and their places, so that
  /// a TensorBoard that has read them may continue; the others get the time of now.
  package init(in run: String, log: [Data] = [], steps: [Data] = []) throws {
    path = "\(run)/\(Self.name)"
    _ = try OutputFolder("\(run)/\(Self.folder)")
    let (epochs, steps) = (
      log.compactMap { LogLine($0, .epoch) }, steps.compactMap { LogLine($0, .step) }
    )
    let events = [.version] + LogLine.events(epochs: epochs, steps: steps)
    let old = FileManager.default.contents(atPath: path).map(Array.init) ?? []
    var (kept, place) = (0, 0)
    while kept < events.count, let (payload, end) = TFRecord.read(old, at: place),
      events[kept].isEncoded(in: payload)
    {
      (kept, place) = (kept + 1, end)
    }
    if place < old.count, truncate(path, place) != 0 {
      throw FileError(path: path, cannot: "shorten it", code: errno)
    }
    try append(events[kept...])
  }

  package func append(_ line: Data, _ kind: LogLine.Kind) throws {
    if let line = LogLine(line, kind) { try append([line.event]) }
  }

  private func append(_ events: some Collection<BoardEvent>) throws {
    let time = Date().timeIntervalSince1970
    try AtomicFile.append(events.flatMap { TFRecord.framed($0.encoded(at: time)) }, to: path)
  }
}
