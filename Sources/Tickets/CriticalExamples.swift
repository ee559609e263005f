/// The examples that a round of training shows to matter, and why: the pruning-aware critical set
/// of Zhang et al. (ICML 2021).
public struct CriticalExamples: Sendable, Hashable, Codable {
  /// Those that were forgotten, or never learned (CET), ascending.
  public let byForgetting: [Int]
  /// Those that the dense and the pruned model answer differently (CEP), ascending.
  public let byDisagreement: [Int]

  /// The critical ones of examples `counts` were taken of; with the answers of the dense and the
  /// pruned model to all of the data, by their indices, also those that differ. Examples that one
  /// of the models has no answer to are not among these.
  public init(_ counts: ForgettingCounts, dense: [Int: Int] = [:], pruned: [Int: Int] = [:]) {
    byForgetting = counts.critical()
    byDisagreement = dense.filter { index, answer in
      pruned[index].map { $0 != answer } ?? false
    }.keys.sorted()
  }

  /// Both, ascending.
  public var all: [Int] { Set(byForgetting).union(byDisagreement).sorted() }
}
