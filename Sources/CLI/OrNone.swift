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

  var value: Value? {
    if case .some(let value) = self { value } else { nil }
  }
}

/// The same for a number of which 0 means never, or not at all.
struct OrOff<Value: ExpressibleByArgument & ExpressibleByIntegerLiteral & Equatable>:
  ExpressibleByArgument
{
  let value: Value?

  init?(argument: String) {
    guard let given = OrNone<Value>(argument: argument) else { return nil }
    value = given.value == 0 ? nil : given.value
  }
}

extension OrNone: Encodable where Value: Encodable {
  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

extension OrOff: Encodable where Value: Encodable {
  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
