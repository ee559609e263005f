import ArgumentParser
import Foundation

/// The flags of the command that arguments ask for, as the parser knows them.
struct CommandFlags {
  /// A flag, or an option with what it takes.
  struct Flag {
    let name: String
    /// Whether values follow: none, one, or as many as come before the next flag.
    let values: Values
    /// What a value is, as `int` or `folder`.
    let valueName: String
  }

  enum Values { case none, one, many }

  /// The command's words, as `train` or `dataset idx`; empty for `convit` alone.
  let command: [String]
  let subcommands: [String]
  let flags: [Flag]
  /// What the arguments that are no flags are, as `images`.
  let positional: [String]

  /// - Parameter arguments: a command line, which begins with the command.
  init(of arguments: [String]) {
    var (types, words): ([any ParsableCommand.Type], [String]) = ([Convit.self], [])
    for argument in arguments {
      let next = Self.subcommands(of: types).first { $0._commandName == argument }
      guard let next else { break }
      types.append(next)
      words.append(argument)
    }
    command = words
    subcommands = Self.subcommands(of: types).map { $0._commandName }
    let all = Self.described(types)
    flags = all.flatMap(\.flags)
    positional = all.filter { $0.kind == "positional" }.map { $0.valueName ?? "" }
  }

  subscript(name: some StringProtocol) -> Flag? { flags.first { $0.name == name } }

  private static func subcommands(
    of types: [any ParsableCommand.Type]
  ) -> [any ParsableCommand.Type] {
    types.last?.configuration.subcommands ?? []
  }

  /// What the parser says of the arguments of the last of the commands.
  private static func described(_ types: [any ParsableCommand.Type]) -> [Argument] {
    let text = types.last?._dumpHelp() ?? ""
    let description = try? JSONDecoder().decode(Description.self, from: Data(text.utf8))
    return description?.command.arguments ?? []
  }

  private struct Description: Decodable {
    struct Command: Decodable { let arguments: [Argument]? }
    let command: Command
  }

  private struct Argument: Decodable {
    struct Name: Decodable {
      let kind, name: String
    }
    let kind: String
    let names: [Name]?
    let parsingStrategy: String
    let valueName: String?

    var flags: [Flag] {
      let many: Values = parsingStrategy == "upToNextOption" ? .many : .one
      return (names ?? []).filter { $0.kind == "long" }.map {
        Flag(name: $0.name, values: kind == "flag" ? .none : many, valueName: valueName ?? "")
      }
    }
  }
}
