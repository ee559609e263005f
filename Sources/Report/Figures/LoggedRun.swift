import Foundation
import Locality

/// The numbers of a run that figures show.
struct LoggedRun {
  /// A line of `log.jsonl`: the reference's keys.
  struct Epoch: Decodable {
    let epoch: Int
    let trainLoss: Double?
    let testLoss: Double?
    let testAcc1: Double?

    enum CodingKeys: String, CodingKey {
      case epoch
      case trainLoss = "train_loss"
      case testLoss = "test_loss"
      case testAcc1 = "test_acc1"
    }
  }

  /// A line of `locality.jsonl`: what was measured after some epochs, 0 at the start.
  struct Survey: Decodable {
    let epochs: Int
    let report: LocalityReport
  }

  /// What figures call the run.
  let name: String
  let epochs: [Epoch]
  let surveys: [Survey]

  /// Reads the logs in the folder of a run.
  ///
  /// - Throws: `ReportError` if it is none, or a line is not as expected.
  init(_ folder: String, name: String) throws {
    self.name = name
    try RunRecord.requireRun(folder)
    epochs = try Self.records(folder + "/log.jsonl")
    surveys = try Self.records(folder + "/locality.jsonl")
    if let reason = Self.fault(in: surveys) {
      throw ReportError(path: folder + "/locality.jsonl", reason: reason)
    }
  }

  private static func records<Record: Decodable>(_ path: String) throws -> [Record] {
    try RunRecord.lines(path).enumerated().map { index, line in
      do {
        return try JSONDecoder().decode(Record.self, from: Data(line.utf8))
      } catch DecodingError.keyNotFound(let key, _) {
        throw ReportError(path: path, reason: "line \(index + 1) has no '\(key.stringValue)'")
      } catch {
        throw ReportError(path: path, reason: "line \(index + 1) is not as expected")
      }
    }
  }

  /// Why the surveys cannot be of one model, if so.
  private static func fault(in surveys: [Survey]) -> String? {
    func shape(_ survey: Survey) -> [[Int]] {
      survey.report.layers.map { [$0.nonlocality.count, $0.gate?.count ?? 0] }
    }
    for (index, survey) in surveys.enumerated() {
      if shape(survey) != shape(surveys[0]) {
        return "line \(index + 1) has other layers or heads than line 1"
      }
      let layers = survey.report.layers
      if layers.isEmpty || layers.contains(where: { $0.nonlocality.isEmpty || $0.gate == [] }) {
        return "line \(index + 1) has no layers or heads"
      }
    }
    return nil
  }
}
