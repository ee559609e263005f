import Training
import Yams

/// A formula over the choices of a search space: `dim % heads == 0`, `dim / heads`.
///
/// Numbers, names of choices, words in quotation marks, + − * / %, comparisons, `and`, `or`, `not`,
/// parentheses; arithmetic of lists is element by element. Names may have dashes (`mlp-ratio`), so
/// that a minus has a space behind it.
struct SpaceExpression: Sendable {
  let text: String
  private let root: Term

  enum Value: Hashable, Sendable {
    case number(Double)
    case word(String)
    case truth(Bool)
    case list([Double])
  }

  /// What is wrong with a formula or its values.
  struct Failure: Error { let reason: String }

  private indirect enum Term: Sendable {
    case value(Value)
    case name(String)
    case not(Term)
    case binary(String, Term, Term)
  }

  init(_ text: String) throws(Failure) {
    var parser = Parser(tokens: try Self.tokens(of: text)[...])
    self.text = text
    root = try parser.term()
    if let rest = parser.tokens.first { throw Failure(reason: "'\(rest)' in '\(text)'") }
  }

  /// The names of choices in it.
  var names: Set<String> { Self.names(in: root) }

  private static func names(in term: Term) -> Set<String> {
    switch term {
    case .value: []
    case .name(let name): [name]
    case .not(let term): names(in: term)
    case .binary(_, let a, let b): names(in: a).union(names(in: b))
    }
  }

  /// Its value where the choices are made.
  func value(_ choices: [String: Value]) throws(Failure) -> Value { try value(of: root, choices) }

  private func value(of term: Term, _ choices: [String: Value]) throws(Failure) -> Value {
    switch term {
    case .value(let value): return value
    case .name(let name):
      guard let value = choices[name] else {
        throw Failure(reason: "'\(name)' in '\(text)' is none of the choices")
      }
      return value
    case .not(let term):
      guard case .truth(let truth) = try value(of: term, choices) else {
        throw Failure(reason: "'\(text)': 'not' of what is neither true nor false")
      }
      return .truth(!truth)
    case .binary(let symbol, let a, let b):
      let (a, b) = (try value(of: a, choices), try value(of: b, choices))
      guard let result = Self.combined(a, symbol, b) else {
        throw Failure(reason: "'\(text)': '\(symbol)' of \(a.printed) and \(b.printed)")
      }
      return result
    }
  }

  private static func combined(_ a: Value, _ symbol: String, _ b: Value) -> Value? {
    switch (a, b) {
    case (.number(let a), .number(let b)):
      if let operation = arithmetic[symbol] {
        let result = operation(a, b)
        return result.isFinite ? .number(result) : nil
      }
      return comparisons[symbol].map { .truth($0(a, b)) }
    case (.truth(let a), .truth(let b)):
      return symbol == "and" ? .truth(a && b) : symbol == "or" ? .truth(a || b) : nil
    case (.word, .word), (.word, .number), (.number, .word):
      return symbol == "==" ? .truth(a == b) : symbol == "!=" ? .truth(a != b) : nil
    case (.list(let a), .number(let b)): return list(a.map { ($0, b) }, symbol)
    case (.number(let a), .list(let b)): return list(b.map { (a, $0) }, symbol)
    case (.list(let a), .list(let b)):
      return a.count == b.count ? list(Array(zip(a, b)), symbol) : nil
    default: return nil
    }
  }

  private static func list(_ pairs: [(Double, Double)], _ symbol: String) -> Value? {
    guard let operation = arithmetic[symbol] else { return nil }
    let results = pairs.map { operation($0, $1) }
    return results.allSatisfy(\.isFinite) ? .list(results) : nil
  }

  private static let arithmetic: [String: @Sendable (Double, Double) -> Double] = [
    "+": { $0 + $1 }, "-": { $0 - $1 }, "*": { $0 * $1 }, "/": { $0 / $1 },
    "%": { $0.truncatingRemainder(dividingBy: $1) },
  ]
  private static let comparisons: [String: @Sendable (Double, Double) -> Bool] = [
    "==": { $0 == $1 }, "!=": { $0 != $1 }, "<": { $0 < $1 }, "<=": { $0 <= $1 },
    ">": { $0 > $1 }, ">=": { $0 >= $1 },
  ]

  // MARK: - Reading

  private static func tokens(of text: String) throws(Failure) -> [String] {
    if text.firstMatch(of: /[^=!<>]=(?!=)/) != nil {
      throw Failure(reason: "'=' in '\(text)': to compare, write '=='")
    }
    let token =
      /\s*([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|[A-Za-z_]\w*(?:-\w+)*|"[^"]*"|[=!<>]=|[-+*\/%<>()])/
    var (rest, tokens): (Substring, [String]) = (text[...], [])
    while let match = rest.prefixMatch(of: token) {
      tokens.append(String(match.1))
      rest = rest[match.range.upperBound...]
    }
    guard rest.allSatisfy(\.isWhitespace), tokens.count <= 200 else {
      throw Failure(reason: "cannot read '\(text)' from '\(rest.prefix(20))' on")
    }
    return tokens
  }

  private struct Parser {
    var tokens: ArraySlice<String>
    private static let levels: [[String]] = [
      ["or"], ["and"],
      ["==", "!=", "<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"],
    ]

    private static let comparison = 2

    mutating func term(_ level: Int = 0) throws(Failure) -> Term {
      guard level < Self.levels.count else { return try primary() }
      if level == Self.comparison, tokens.first == "not" {
        tokens.removeFirst()
        return .not(try term(level))
      }
      var (left, count) = (try term(level + 1), 0)
      while let symbol = tokens.first, Self.levels[level].contains(symbol) {
        guard level != Self.comparison || count == 0 else {
          throw Failure(reason: "'\(symbol)' after a comparison: join two of them with 'and'")
        }
        tokens.removeFirst()
        left = .binary(symbol, left, try term(level + 1))
        count += 1
      }
      return left
    }

    private mutating func primary() throws(Failure) -> Term {
      guard let token = tokens.popFirst() else { throw Failure(reason: "a formula ends too early") }
      if token == "(" {
        let inner = try term()
        guard tokens.popFirst() == ")" else { throw Failure(reason: "a parenthesis is not closed") }
        return inner
      }
      if token == "-" { return .binary("-", .value(.number(0)), try primary()) }
      if let number = Double(token) { return .value(.number(number)) }
      if token.hasPrefix("\"") { return .value(.word(String(token.dropFirst().dropLast()))) }
      guard token.first?.isLetter == true || token.first == "_" else {
        throw Failure(reason: "'\(token)' where a number or a name should be")
      }
      return .name(token)
    }
  }
}

extension SpaceExpression.Value {
  /// As in a config: 3, 0.5, convit_tiny; the elements of a list with spaces between them.
  var printed: String { words.joined(separator: " ") }

  /// As a value in a config.
  var node: Node {
    guard case .list = self else { return Node(printed) }
    return Node(words.map { Node($0) })
  }

  private var words: [String] {
    func text(_ number: Double) -> String { Int(exactly: number).map(String.init) ?? "\(number)" }
    return switch self {
    case .number(let number): [text(number)]
    case .word(let word): [word]
    case .truth(let truth): ["\(truth)"]
    case .list(let numbers): numbers.map(text)
    }
  }
}
