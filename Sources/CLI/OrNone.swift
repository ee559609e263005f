import ArgumentParser

/// The value of a flag that can also be switched off: `none` takes back what a config says.
enum OrNone<Value: ExpressibleByArgument>: ExpressibleByArgument {
  case none
  case some(Value)

  init?(argument: String) {
    if argument == "none" {
      self = .none
    } else if let value = Value(argument: argument) {
      self = .some(value)
    } else {
      return nil
    }
  }

  /// The value, if it is not `none`.
  var value: Value? {
    if case .some(let value) = self { value } else { nil }
  }
}

/// Puts a value that was given, or `none`, in the place of another.
func replace<Value>(_ value: inout Value?, _ replacement: OrNone<Value>?) {
  if let replacement { value = replacement.value }
}

/// The same for a number of which 0 means never, or not at all.
func replace<Value: Equatable & ExpressibleByIntegerLiteral>(
  _ value: inout Value?, offAtZero replacement: OrNone<Value>?
) {
  if let replacement { value = replacement.value == 0 ? nil : replacement.value }
}

/// Puts a list that was given in the place of another; `none` alone is no list.
func replace<Value>(_ value: inout [Value]?, _ replacement: [OrNone<Value>]) {
  if !replacement.isEmpty {
    let values = replacement.compactMap(\.value)
    value = values.isEmpty ? nil : values
  }
}

/// Puts a list that was given in the place of another; `none` alone is the empty one.
func replace<Value>(_ value: inout [Value], _ replacement: [OrNone<Value>]) {
  if !replacement.isEmpty { value = replacement.compactMap(\.value) }
}
