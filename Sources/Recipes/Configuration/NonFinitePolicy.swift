/// What becomes of a run when a step's loss or gradients are not finite.
package enum NonFinitePolicy: WordSetting {
  /// The run ends.
  case stop
  /// The step is left out, up to so many times in the whole run.
  case skip(Int)

  /// A policy that was written as text, `stop` or `skip=K`; nil if it is neither.
  package init?(_ text: String) {
    if text == "stop" {
      self = .stop
    } else if text.hasPrefix("skip="), let count = Int(text.dropFirst(5)), count > 0 {
      self = .skip(count)
    } else {
      return nil
    }
  }

  /// The steps that may be left out.
  var limit: Int {
    switch self {
    case .stop: 0
    case .skip(let count): count
    }
  }

  /// `stop` or `skip=K`
  package var description: String { limit == 0 ? "stop" : "skip=\(limit)" }

  package static let fault = "is not stop or skip=K with K at least 1"
}
