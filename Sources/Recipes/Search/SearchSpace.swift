import Autodiff
import Files
import Foundation
import Training
import Yams

/// A space of configurations: choices with their values, conditions between them, and what settings
/// follow. What `--space` reads; docs/SEARCH.md shows the file.
package struct SearchSpace: Sendable {
  package let title: String
  /// The settings that all candidates have.
  package let base: TrainingConfiguration
  package let choices: [Choice]
  private let settings: [(key: String, formula: SpaceExpression)]
  private let conditions: [SpaceExpression]
  private let path: String

  package struct Choice: Sendable {
    package let name: String
    let values: [SpaceExpression.Value]
    /// How often it is made, for a list of values: a number, or the name of another choice.
    var times: SpaceExpression?
    /// How often at most; 1 where it is no list.
    var most = 1
  }

  /// Where a value is chosen: a choice, or one of the times that it is made.
  package struct Slot: Sendable {
    let choice, time: Int
    /// The number of values.
    package let count: Int
  }

  /// Those of the choices in turn.
  package let slots: [Slot]

  /// A configuration of the space: the place of the value in each slot.
  package struct Candidate: Hashable, Sendable {
    package let places: [Int]
    /// "dim 32, depth 2, heads 4"
    package let name: String
    package internal(set) var configuration: TrainingConfiguration
  }

  package init(contentsOf path: String) throws {
    let text = try YAMLText.contents(of: path, as: "the search space")
    try self.init(yaml: text, of: path)
  }

  init(yaml text: String, of path: String) throws {
    func fail(_ reason: String) -> TrainingError { TrainingError(usage: "\(path): \(reason)") }
    guard let root = try YAMLText.root(of: text, from: path)?.mapping else {
      throw fail("expected lines of the form `key: value`")
    }
    var parts: [String: Node] = [:]
    for (key, value) in root {
      guard let key = key.string, ["title", "base", "choices", "settings", "where"].contains(key)
      else {
        throw fail(
          "unknown key '\(key.string ?? "?")'; a search space has title, base, choices, settings "
            + "and where")
      }
      parts[key] = value
    }
    for (key, isRight, form) in [
      ("base", parts["base"]?.mapping != nil, "settings with values"),
      ("settings", parts["settings"]?.mapping != nil, "settings with formulas"),
      ("where", parts["where"]?.sequence != nil, "a list of conditions"),
    ] {
      guard parts[key] == nil || isRight else { throw fail("\(key): expected \(form)") }
    }
    self.path = path
    title = parts["title"]?.string ?? URL(fileURLWithPath: path).lastPathComponent
    base = try TrainingConfiguration(
      settings: parts["base"]?.mapping?.map { ($0.key.string ?? "?", $0.value) } ?? [], of: path,
      over: TrainingConfiguration())
    guard let named = parts["choices"]?.mapping, named.count > 0 else {
      throw fail("choices must name what can be chosen, each with its values in brackets")
    }
    var choices = try named.map { key, given in
      let name = key.string ?? "?"
      guard let values = SearchSpace.values(given["each"] ?? given), !values.isEmpty else {
        throw fail(
          "choices: \(name): expected values as [1, 2, 4], {from: 1, to: 4, step: 1}, or "
            + "{each: [3, 4], times: depth}")
      }
      guard Set(values).count == values.count else {
        throw fail("choices: \(name): a value is there twice")
      }
      return Choice(name: name, values: values)
    }
    for (index, given) in named.map(\.value).enumerated() where given["each"] != nil {
      guard let text = given["times"]?.string, let times = try? SpaceExpression(text),
        let most = SearchSpace.most(times, among: choices), given.mapping?.count == 2,
        choices[index].values.allSatisfy({ if case .number = $0 { true } else { false } })
      else {
        throw fail(
          "choices: \(choices[index].name): each must have numbers, and times must be a number "
            + "from 1 to 1000, or the name of another choice of such numbers")
      }
      (choices[index].times, choices[index].most) = (times, most)
    }
    self.choices = choices
    slots = choices.enumerated().flatMap { index, choice in
      (0..<choice.most).map { Slot(choice: index, time: $0, count: choice.values.count) }
    }
    func formula(_ text: String) throws -> SpaceExpression {
      do { return try SpaceExpression(text) } catch { throw fail(error.reason) }
    }
    settings = try (parts["settings"]?.mapping ?? [:]).map { key, value in
      (key.string ?? "?", try formula(value.string ?? "?"))
    }
    conditions = try (parts["where"]?.array() ?? []).map { try formula($0.string ?? "?") }
    try checkNames(fail)
    try checkKeys(Set(parts["base"]?.mapping?.compactMap(\.key.string) ?? []), fail)
  }

  /// Settings that the command decides, or that a start from nothing has not.
  private func checkKeys(_ base: Set<String>, _ fail: (String) -> TrainingError) throws {
    let chosen = Set(choices.map(\.name) + settings.map(\.key))
    for key in ["data-path", "output-dir", "seed", "threads", "resume"]
    where chosen.contains(key) || base.contains(key) {
      throw fail("\(key) is the command's to say, for all candidates: leave it out")
    }
    guard !chosen.contains("finetune"), !base.contains("finetune") else {
      throw fail("finetune: candidates are scored at their initialisation, and start from it")
    }
  }

  private func checkNames(_ fail: (String) -> TrainingError) throws {
    let known = Set(choices.map(\.name))
    let formulas = settings.map(\.formula) + conditions + choices.compactMap(\.times)
    for formula in formulas {
      for name in formula.names where !known.contains(name) {
        throw fail("'\(name)' in '\(formula.text)' is none of the choices")
      }
    }
    let used = formulas.reduce(into: Set<String>()) { $0.formUnion($1.names) }
    for choice in choices
    where !TrainingConfiguration.keys.contains(choice.name) && !used.contains(choice.name) {
      throw fail(
        "choices: '\(choice.name)' is no setting, and no formula uses it"
          + ForeignNames.answer(to: choice.name, among: TrainingConfiguration.keys))
    }
  }

  private static func values(_ node: Node) -> [SpaceExpression.Value]? {
    if let list = node.sequence {
      return list.map { node in
        node.float.map { .number($0) } ?? .word(node.string ?? "?")
      }
    }
    guard let from = node["from"]?.float, let to = node["to"]?.float else { return nil }
    let step = node["step"]?.float ?? 1
    guard step > 0, from <= to, (to - from) / step < 10_000,
      node.mapping?.count == (node["step"] == nil ? 2 : 3)
    else { return nil }
    return (0...Int((to - from) / step + 1e-9)).map { index in
      // 0.1 + 2 · 0.1 is 0.3
      .number(((from + Double(index) * step) * 1e9).rounded() / 1e9)
    }
  }

  /// The largest of a whole number or of the values of a choice that has such numbers alone.
  private static func most(_ times: SpaceExpression, among choices: [Choice]) -> Int? {
    let values =
      choices.first { $0.name == times.text }?.values ?? [try? times.value([:])].compactMap { $0 }
    let counts = values.compactMap { value -> Int? in
      guard case .number(let number) = value, (1...1000).contains(number) else { return nil }
      return Int(exactly: number)
    }
    return counts.count == values.count ? counts.max() : nil
  }

  /// How many ways there are to choose, allowed or not.
  package var size: Double { slots.reduce(1) { $0 * Double($1.count) } }

  /// Whether a slot is used: a list may be shorter than its longest.
  func isUsed(_ slot: Slot, in places: [Int]) -> Bool {
    choices[slot.choice].times == nil
      || slot.time < count(of: choices[slot.choice], scalars(at: places))
  }

  /// The same places with the first value in every slot that is not used.
  func canonical(_ places: [Int]) -> [Int] {
    zip(slots, places).map { isUsed($0, in: places) ? $1 : 0 }
  }

  /// Whether all conditions hold where the choices have the values at these places.
  func isAllowed(_ places: [Int]) throws -> Bool {
    let values = values(at: places)
    return try naming {
      for condition in conditions {
        guard case .truth(let holds) = try condition.value(values) else {
          throw SpaceExpression.Failure(reason: "'\(condition.text)' is neither true nor false")
        }
        if !holds { return false }
      }
      return true
    }
  }

  /// The candidate of these places.
  ///
  /// - Throws: a usage error if no model can be made of it.
  package func candidate(_ places: [Int]) throws -> Candidate {
    let values = values(at: places)
    let words = choices.map { "\($0.name) \(values[$0.name]?.printed ?? "")" }
    let name = words.joined(separator: ", ")
    var given: [(key: String, value: Node)] = []
    for choice in choices where TrainingConfiguration.keys.contains(choice.name) {
      given.append((choice.name, values[choice.name]?.node ?? Node("")))
    }
    for (key, formula) in settings {
      let value = try naming { try formula.value(values) }
      given.append((key, value.node))
    }
    let configuration = try TrainingConfiguration(settings: given, of: path, over: base)
    do {
      try configuration.validate()
      try configuration.validateModel()
    } catch let error as TrainingError {
      throw TrainingError(
        usage: "\(path): \(name): \(error.message); a condition under where: can rule it out")
    }
    return Candidate(places: places, name: name, configuration: configuration)
  }

  private func values(at places: [Int]) -> [String: SpaceExpression.Value] {
    let scalars = scalars(at: places)
    var (values, first) = (scalars, 0)
    for choice in choices {
      if choice.times != nil {
        values[choice.name] = .list(
          places[first..<first + count(of: choice, scalars)].compactMap {
            if case .number(let number) = choice.values[$0] { number } else { nil }
          })
      }
      first += choice.most
    }
    return values
  }

  /// The values of the choices that are no lists.
  private func scalars(at places: [Int]) -> [String: SpaceExpression.Value] {
    var values: [String: SpaceExpression.Value] = [:]
    for (slot, place) in zip(slots, places) where choices[slot.choice].times == nil {
      values[choices[slot.choice].name] = choices[slot.choice].values[place]
    }
    return values
  }

  private func count(of choice: Choice, _ scalars: [String: SpaceExpression.Value]) -> Int {
    guard case .number(let number)? = try? choice.times?.value(scalars) else { return 1 }
    return Int(number)
  }

  private func naming<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let failure as SpaceExpression.Failure {
      throw TrainingError(usage: "\(path): \(failure.reason)")
    }
  }
}
