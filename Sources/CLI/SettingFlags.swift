import ArgumentParser
import Foundation
import Recipes

/// Flags that have the names of settings: each is a property, and its setting found by the name.
protocol SettingFlags: ParsableArguments {}

protocol NamedSettings: Codable {
  init()
}

extension TrainingConfiguration: NamedSettings {}
extension ModelSettings: NamedSettings {}
extension DataSettings: NamedSettings {}

extension SettingFlags {
  /// Puts what was given in the place of the settings of these names; `none` is their default.
  ///
  /// Values go by way of JSON: that is how settings can be set by name.
  func apply<Values: NamedSettings>(to settings: inout Values) {
    let given = given
    guard !given.isEmpty else { return }
    do {
      let defaults = try object(Values()) as? [String: Any] ?? [:]
      var values = try object(settings) as? [String: Any] ?? [:]
      for (name, value) in given {
        let value = try object(value)
        let list = (value as? [Any])?.filter { !($0 is NSNull) }
        values[name] = value is NSNull || list?.isEmpty == true ? defaults[name] : list ?? value
      }
      settings = try SettingsJSON.decoder.decode(
        Values.self, from: JSONSerialization.data(withJSONObject: values))
    } catch {
      fatalError("\(Self.self): \(error)")
    }
  }

  /// What was given, under the names of the settings.
  var given: [String: any Encodable] {
    var given: [String: any Encodable] = [:]
    for (label, property) in Mirror(reflecting: self).children {
      guard let label, let property = property as? any FlagProperty else { continue }
      switch property.wrappedValue as Any {
      case let group as any SettingFlags: given.merge(group.given) { $1 }
      case let value as any FlagValue:
        given[String(label.dropFirst())] = value.given  // batchSize, of _batchSize
      default: fatalError("\(Self.self): \(label) cannot be left out")
      }
    }
    return given
  }
}

/// A value as `JSONSerialization` has it.
private func object(_ value: some Encodable) throws -> Any {
  try JSONSerialization.jsonObject(
    with: SettingsJSON.encoder.encode(value), options: .fragmentsAllowed)
}

private protocol FlagProperty {
  associatedtype Value
  var wrappedValue: Value { get }
}

extension Option: FlagProperty {}
extension Flag: FlagProperty {}
extension OptionGroup: FlagProperty {}

/// The value of a flag: nil, or the empty list, if it was not given.
private protocol FlagValue {
  var given: (any Encodable)? { get }
}

extension Optional: FlagValue where Wrapped: Encodable {
  fileprivate var given: (any Encodable)? { self }
}

extension Array: FlagValue where Element: Encodable {
  fileprivate var given: (any Encodable)? { isEmpty ? nil : self }
}
