import Foundation

/// Some of a model's parameters, by their names and kinds: which are frozen, decay, are pruned,
/// start anew.
///
/// ```swift
/// let spared: ParameterSelection = .named("head.*") || .kind(.norm, .bias)
/// Tape(weights, Pass(frozen: !spared))
/// ```
///
/// A pattern is as a shell's: `*` stands for any text, dots among it, `?` for one character, and
/// `[0-5]` for one of some.
public struct ParameterSelection: Sendable {
  private let rule: Rule?  // which names and parameters belong to it; nil: none
  private let patterns: [String]  // that a program has written, and that are to match something

  private init(rule: Rule?, _ patterns: [String] = []) {
    (self.rule, self.patterns) = (rule, patterns)
  }

  private init(
    _ patterns: [String], _ contains: @escaping @Sendable (String, Parameter) -> Bool
  ) {
    self.init(rule: Rule(contains), patterns)
  }

  /// The parameters for which `contains` is true.
  public init(_ contains: @escaping @Sendable (_ name: String, _ parameter: Parameter) -> Bool) {
    self.init(rule: Rule(contains))
  }

  /// No parameter.
  public static let none = ParameterSelection(rule: nil)
  /// Every parameter.
  public static let all = ParameterSelection { _, _ in true }
  /// Those of more than one axis: the weights of linear layers, embeddings, positions.
  package static let matrices = ParameterSelection { $1.shape.rank > 1 }

  /// Those whose names match one of the patterns, such as `blocks.*.attn.*`.
  public static func named(_ patterns: String...) -> ParameterSelection {
    ParameterSelection(patterns) { name, _ in matches(name, patterns) }
  }

  /// The same, of patterns that need not match anything.
  package static func named(_ patterns: [String]) -> ParameterSelection {
    ParameterSelection { name, _ in matches(name, patterns) }
  }

  /// Those of one of the kinds.
  public static func kind(_ kinds: Parameter.Kind...) -> ParameterSelection {
    ParameterSelection { kinds.contains($1.kind) }
  }

  /// All others.
  public static prefix func ! (selection: ParameterSelection) -> ParameterSelection {
    ParameterSelection(selection.patterns) { !selection.contains($0, $1) }
  }

  /// Those that belong to either.
  public static func || (a: ParameterSelection, b: ParameterSelection) -> ParameterSelection {
    ParameterSelection(a.patterns + b.patterns) { a.contains($0, $1) || b.contains($0, $1) }
  }

  /// Those that belong to both.
  public static func && (a: ParameterSelection, b: ParameterSelection) -> ParameterSelection {
    ParameterSelection(a.patterns + b.patterns) { a.contains($0, $1) && b.contains($0, $1) }
  }

  package func contains(_ name: String, _ parameter: Parameter) -> Bool {
    rule?.contains(name, parameter) ?? false
  }

  package func slots(in tree: ParameterTree) -> [Int] {
    isContained(tree).enumerated().filter(\.element).map(\.offset)
  }

  /// A pattern in it that no parameter of a tree has a name of, as after a typing error.
  package func unknownPattern(in tree: ParameterTree) -> String? {
    patterns.first { pattern in !tree.names.contains { matches($0, [pattern]) } }
  }

  /// For each slot of a tree whether its parameter belongs to it; empty where none does.
  func isContained(_ tree: ParameterTree) -> [Bool] { rule?.isContained(tree) ?? [] }

  /// A rule, and the answers for the tree that was asked about last: every tape asks again.
  private final class Rule: Sendable {
    let contains: @Sendable (String, Parameter) -> Bool
    private let last = Mutex<(tree: ParameterTree, answers: [Bool])?>(nil)

    init(_ contains: @escaping @Sendable (String, Parameter) -> Bool) { self.contains = contains }

    func isContained(_ tree: ParameterTree) -> [Bool] {
      last.withLock { last in
        if let last, last.tree === tree { return last.answers }
        let answers = zip(tree.names, tree.parameters).map { contains($0, $1) }
        last = (tree, answers)
        return answers
      }
    }
  }
}

/// Whether all of a name fits one of some shell patterns.
func matches(_ name: String, _ patterns: [String]) -> Bool {
  patterns.contains { fnmatch($0, name, 0) == 0 }
}
