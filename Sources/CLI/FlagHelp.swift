import ArgumentParser

/// What a value is, shown in its place: `--epochs <int>`. An error about a value names it too.
extension ArgumentHelp {
  static func value(_ name: String, _ text: String) -> ArgumentHelp {
    ArgumentHelp(text, valueName: name)
  }
  static func int(_ text: String) -> ArgumentHelp { value("int", text) }
  static func number(_ text: String) -> ArgumentHelp { value("number", text) }
  static func folder(_ text: String) -> ArgumentHelp { value("folder", text) }
  static func file(_ text: String) -> ArgumentHelp { value("file", text) }
  static func name(_ text: String) -> ArgumentHelp { value("name", text) }
  static func size(_ text: String) -> ArgumentHelp { value("N|HxW", text) }
}

extension Option {
  /// An option that may be left out.
  init<Given: ExpressibleByArgument>(_ help: ArgumentHelp) where Value == Given? {
    self.init(help: help)
  }

  /// An option of as many values as come before the next flag.
  init<Given: ExpressibleByArgument>(wrappedValue: Value, list help: ArgumentHelp)
  where Value == [Given] {
    self.init(wrappedValue: wrappedValue, parsing: .upToNextOption, help: help)
  }
}

extension Flag where Value == Bool? {
  /// A flag that may be left out, with a `no-` form that switches off.
  init(onOff help: ArgumentHelp) { self.init(inversion: .prefixedNo, help: help) }
}
