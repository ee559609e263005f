/// The mean and the standard deviation of each channel, on a scale from 0 to 1: inputs of a model
/// are (v − mean) / std.
///
/// Weights are worth little with inputs that were normalised otherwise, so that files keep it.
public struct ChannelStatistics: Hashable, Sendable, Codable {
  /// The mean of each channel.
  public var mean: [Float]
  /// The standard deviation of each channel.
  public var std: [Float]

  /// Statistics from their numbers, one of each a channel.
  public init(mean: [Float], std: [Float]) {
    (self.mean, self.std) = (mean, std)
  }

  /// What is wrong with them for inputs of some channels; nil if nothing is.
  func fault(channels: Int) -> String? {
    if mean.count != channels || std.count != channels {
      return "\(mean.count) means and \(std.count) standard deviations for \(channels) channels"
    }
    return mean.allSatisfy(\.isFinite) && std.allSatisfy { $0.isFinite && $0 > 0 }
      ? nil : "a normalisation by \(text)"
  }

  /// "mean 0.5 0.5 0.5, std 0.25 0.25 0.25"
  var text: String {
    func text(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: " ") }
    return "mean \(text(mean)), std \(text(std))"
  }
}
