import ArgumentParser
import Pruning

/// By what `convit prune` chooses what goes.
enum PruningMethod: String, CaseIterable, ExpressibleByArgument {
  case magnitude, random, taylor
  /// Heads and units alone.
  case gate

  /// Of weights, or of heads and units; nil for what is said of the latter alone.
  var ofWeights: PruningRule.Method? { PruningRule.Method(rawValue: rawValue) }
  /// Whether images are looked at to choose.
  var needsImages: Bool { self == .taylor || self == .gate }
}
