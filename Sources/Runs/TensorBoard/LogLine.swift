import Files
import Foundation
import TensorBoard

/// A line of a run's logs as TensorBoard shows it.
///
/// Every number gets a tag; every number of a list its own, with its place in the list. `epoch` and
/// `step` are places on the axis and have no curves.
package struct LogLine {
  /// Which log: decides about the axis and the tags.
  package enum Kind {
    /// `log.jsonl`: over epochs. The last underscore of a key becomes a slash, by which TensorBoard
    /// groups: `train/loss`, `ema_test/acc1`.
    case epoch
    /// `steps.jsonl`: over steps since the start of the run, in a group of their own: `step/loss`.
    case step
  }

  let epoch: Int
  /// The numbers, in the order of the keys' letters.
  let event: BoardEvent

  /// The line of a log; none if it is no object with an epoch and, in `steps.jsonl`, a step.
  init?(_ line: Data, _ kind: Kind) {
    guard let fields = try? JSONDecoder().decode([String: Content].self, from: line),
      let epoch = fields["epoch"]?.integer,
      let step = kind == .epoch ? epoch : fields["step"]?.integer
    else { return nil }
    let measures = fields.filter { $0.key != "epoch" && $0.key != "step" }
    let values = measures.sorted { $0.key < $1.key }.flatMap { key, content in
      content.numbers(Self.tag(key, kind))
    }
    self.epoch = epoch
    event = .scalars(step: step, values)
  }

  private static func tag(_ key: String, _ kind: Kind) -> String {
    if kind == .step { return "step/\(key)" }
    guard let place = key.lastIndex(of: "_") else { return key }
    return "\(key[..<place])/\(key[key.index(after: place)...])"
  }

  /// All lines as events, in the order of their writing: the steps of an epoch, then the epoch.
  static func events(epochs: [LogLine], steps: [LogLine]) -> [BoardEvent] {
    var (events, rest) = ([BoardEvent](), steps[...])
    for line in epochs {
      let done = rest.prefix { $0.epoch <= line.epoch }
      events += done.map(\.event) + [line.event]
      rest = rest.dropFirst(done.count)
    }
    return events + rest.map(\.event)
  }
}

private enum Content: Decodable {
  case number(Double)
  case list([Content])
  case other

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else {
      self = (try? container.decode([Content].self)).map(Content.list) ?? .other
    }
  }

  var integer: Int? { if case .number(let number) = self { Int(exactly: number) } else { nil } }

  func numbers(_ tag: String) -> [(tag: String, value: Float)] {
    switch self {
    case .number(let number): [(tag, Float(number))]
    case .list(let items): items.enumerated().flatMap { $1.numbers("\(tag)/\($0)") }
    case .other: []
    }
  }
}
