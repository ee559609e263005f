import ArgumentParser
import ConViT
import Recipes

/// A command line in pieces: each flag with its values, and what stands between.
struct GivenFlags {
  /// A flag with its values, or an argument that is no flag.
  private struct Piece {
    /// The name without dashes; empty for what is no flag.
    var name: Substring = ""
    /// The flag as the command knows it, and what follows.
    var flag: CommandFlags.Flag?
    var values: [String] = []
    var words: [String] = []
  }

  /// Flags that the parser has without saying so.
  private static let ofTheParser: Set<Substring> = [
    "help-hidden", "generate-completion-script", "experimental-dump-help",
  ]

  private let known: CommandFlags
  private var pieces: [Piece] = []
  /// What follows `--`, and that itself.
  private var rest: [String] = []
  private(set) var notes: [String] = []

  /// - Parameter arguments: in our spellings, without the name of the program.
  init(_ arguments: [String]) {
    known = CommandFlags(of: arguments)
    var words = arguments[...]
    while let word = words.popFirst() {
      guard word != "--" else {
        rest = [word] + words
        break
      }
      guard word.hasPrefix("--") else {
        pieces.append(Piece(words: [word]))
        continue
      }
      let parts = word.dropFirst(2).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let flag = parts.first.flatMap { known[$0] }
      var piece = Piece(name: parts.first ?? "", flag: flag, words: [word])
      piece.values = parts.dropFirst().map(String.init)
      if let flag, flag.values != .none {
        let most = flag.values == .many ? Int.max : 1 - piece.values.count
        while piece.values.count < most, let next = words.first, Self.isValue(next) {
          piece.values.append(words.removeFirst())
        }
      }
      pieces.append(piece)
    }
  }

  /// Whether a word can be a value: it is no flag, or a number.
  private static func isValue(_ word: String) -> Bool {
    !word.hasPrefix("-") || word == "-" || Double(word) != nil
  }

  /// Throws for unknown commands and flags, with what may be meant, and for addresses as paths.
  func check() throws {
    try checkCommand()
    let names = known.flags.map(\.name)
    for piece in pieces where piece.flag == nil && !Self.ofTheParser.contains(piece.name) {
      let word = piece.words[0]
      let isShort = piece.name.isEmpty && word.hasPrefix("-") && word != "-" && word != "-h"
      guard !piece.name.isEmpty || isShort else { continue }
      let name = isShort ? String(word.dropFirst().prefix { $0 != "=" }) : String(piece.name)
      throw ValidationError(
        "Unknown option '\(isShort ? "-" : "--")\(name)'"
          + (ReferenceFlags.answer(to: name)
            ?? ForeignNames.answer(to: name, among: names, prefix: "--")))
    }
    try checkWords()
    try checkAddresses()
  }

  /// Throws for a word that is neither a flag nor the value of one, where none is taken.
  private func checkWords() throws {
    guard known.subcommands.isEmpty, known.positional.isEmpty else { return }
    for (index, piece) in pieces.enumerated().dropFirst(known.command.count)
    where piece.name.isEmpty && !piece.words[0].hasPrefix("-") {
      let (word, before) = (piece.words[0], pieces[index - 1])
      var hint = known["data-path"] == nil ? "" : ": the folder of images is --data-path"
      if let flag = before.flag, flag.values == .none {
        hint =
          known["no-\(flag.name)"] == nil
          ? ": --\(flag.name) takes no value" : ": write --\(flag.name) or --no-\(flag.name)"
      }
      throw ValidationError("Unexpected argument '\(word)'\(hint)")
    }
  }

  func checkCommand() throws {
    guard !known.subcommands.isEmpty, let word = firstWord, word != "help" else { return }
    let near = NearNames.of(word, among: known.subcommands)
    throw ValidationError(
      "'\(word)' is no command of \((["convit"] + known.command).joined(separator: " "))."
        + (near.isEmpty
          ? " There are \(known.subcommands.joined(separator: ", "))." : NearNames.question(near)))
  }

  /// The first word that is neither a command nor a flag.
  private var firstWord: String? {
    let words = pieces.dropFirst(known.command.count)
    guard let first = words.first, first.name.isEmpty, !first.words[0].hasPrefix("-") else {
      return nil
    }
    return first.words[0]
  }

  private func checkAddresses() throws {
    let paths: Set = ["folder", "file", "run", "images", "image", "source", "runs", "archive"]
    for piece in pieces where piece.flag.map({ paths.contains($0.valueName) }) ?? false {
      for value in piece.values {
        try usage { try PathCheck.notAnAddress(value, of: "--\(piece.name)") }
      }
    }
    guard known.positional.contains(where: paths.contains) else { return }
    for piece in pieces where piece.name.isEmpty {
      try usage { try PathCheck.notAnAddress(piece.words[0], of: nil) }
    }
  }

  /// Keeps the last of each flag that is given more than once, as scripts append to a command line
  /// what is to count: `--lr 1 --lr=2` is `--lr=2`, `--shuffle --no-shuffle` the latter. A note
  /// says so where the values differ.
  mutating func keepLast() {
    var kept: [Piece] = []
    var last: [String: Piece] = [:]
    for piece in pieces.reversed() {
      guard piece.flag != nil else {
        kept.append(piece)
        continue
      }
      let key = positive(piece.name)
      guard let later = last[key] else {
        last[key] = piece
        kept.append(piece)
        continue
      }
      if (piece.name, piece.values) != (later.name, later.values) {
        let (one, other) = (Self.shown(piece), Self.shown(later))
        notes.insert("\(one) is overridden by \(other), which comes after it", at: 0)
      }
    }
    pieces = kept.reversed()
  }

  private static func shown(_ piece: Piece) -> String {
    (["--\(piece.name)"] + piece.values).joined(separator: " ")
  }

  /// The name of a flag without the `no-` that turns it around.
  private func positive(_ name: Substring) -> String {
    guard name.hasPrefix("no-"), known[name.dropFirst(3)] != nil else { return String(name) }
    return String(name.dropFirst(3))
  }

  /// The arguments for the parser: values that begin with a dash are bound to their flag.
  var arguments: [String] {
    pieces.flatMap { piece in
      guard let flag = piece.flag, flag.values != .none, !piece.values.isEmpty else {
        return piece.words
      }
      let values = piece.values.map(Self.number)
      guard values.contains(where: { $0.hasPrefix("-") }) else {
        return ["--\(piece.name)"] + values
      }
      return values.map { "--\(piece.name)=\($0)" }
    } + rest
  }

  /// A value; every NaN is written `nan`.
  private static func number(_ value: String) -> String {
    Double(value)?.isNaN == true ? "nan" : value
  }
}
