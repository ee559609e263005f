import Foundation
import SwiftProtobuf

/// What a record of TensorBoard's files says, as far as a run needs it: the protocol buffer `Event`
/// of TensorFlow (`Protobuf/event.proto`).
package enum BoardEvent {
  /// What a file begins with.
  case version
  /// Numbers under their tags, at one place of the axis.
  case scalars(step: Int, [(tag: String, value: Float)])

  /// The bytes of the message; the time is in seconds since 1970.
  package func encoded(at time: Double) -> [UInt8] {
    var event = Tensorboard_Event()
    event.wallTime = time
    switch self {
    case .version: event.fileVersion = "brain.Event:2"
    case .scalars(let step, let values):
      event.step = Int64(step)
      event.summary.value = values.map { tag, number in
        var value = Tensorboard_Summary.Value()
        (value.tag, value.simpleValue) = (tag, number)
        return value
      }
    }
    do {
      return try event.serializedBytes()
    } catch {
      fatalError("BoardEvent: \(error)")  // of messages above 2 GB alone
    }
  }

  /// Whether a message says the same, be it at another time.
  package func isEncoded(in message: ArraySlice<UInt8>) -> Bool {
    let here = encoded(at: 0)
    return message.first == here.first && message.dropFirst(9).elementsEqual(here.dropFirst(9))
  }
}
