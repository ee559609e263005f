import ArgumentParser

/// What a value is, shown in its place: `--epochs <int>`. An error about a value names it too.
extension ArgumentHelp {
  static func int(_ text: String) -> ArgumentHelp { ArgumentHelp(text, valueName: "int") }
  static func number(_ text: String) -> ArgumentHelp { ArgumentHelp(text, valueName: "number") }
  static func folder(_ text: String) -> ArgumentHelp { ArgumentHelp(text, valueName: "folder") }
  static func file(_ text: String) -> ArgumentHelp { ArgumentHelp(text, valueName: "file") }
  static func name(_ text: String) -> ArgumentHelp { ArgumentHelp(text, valueName: "name") }
  static func size(_ text: String) -> ArgumentHelp { ArgumentHelp(text, valueName: "N|HxW") }
}
