import Foundation
import Testing

@testable import CLI

extension Workspace {
  /// `convit prune` of a file of weights, which must succeed.
  func prune(_ weights: String, _ flags: [String]) throws -> Outcome {
    let outcome = try convit(["prune", "--weights", weights] + flags)
    try #require(outcome.status == 0, "\(outcome.err)")
    return outcome
  }

  /// What it says as JSON, and beside it.
  func pruneReport(_ weights: String, _ flags: [String]) throws -> (PruneReport, err: String) {
    let outcome = try prune(weights, flags + ["--json"])
    return (try Self.decoded(Data(outcome.out.utf8)), outcome.err)
  }

  /// A value from JSON with keys in snake case.
  static func decoded<Value: Decodable>(_ data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: data)
  }
}
