import Safetensors

/// Why a training run was not started or had to stop.
public struct TrainingError: Error, Sendable, CustomStringConvertible {
  /// Whether the request itself was wrong, as an impossible batch size is: found before any data
  /// is touched.
  public let isUsage: Bool
  /// What was expected and what was found.
  public let message: String

  init(usage message: String) { (isUsage, self.message) = (true, message) }
  init(_ message: String) { (isUsage, self.message) = (false, message) }

  /// The message, on one line whatever the config contains.
  public var description: String { message.printable(limit: 4096) }
}
