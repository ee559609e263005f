/// The mean and the standard deviation of each channel, on a scale from 0 to 1: inputs of a model
/// are (v − mean) / std.
///
/// Weights are worth little with inputs that were normalised otherwise, so that files keep it.
public struct ChannelStatistics: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The mean of each channel.
  public var mean: [Float]
  /// The standard deviation of each channel.
  public var std: [Float]

  /// Statistics from their numbers, one of each a channel.
  public init(mean: [Float], std: [Float]) {
    (self.mean, self.std) = (mean, std)
  }

  package static let imageNet = ChannelStatistics(
    mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])

  /// What black and white become, of all channels together.
  var range: ClosedRange<Float> {
    let ends = zip(mean, std).map { (-$0 / $1, (1 - $0) / $1) }
    return (ends.map(\.0).min() ?? 0)...(ends.map(\.1).max() ?? 1)
  }

  /// What is wrong with them for inputs of some channels; nil if nothing is.
  func fault(channels: Int) -> String? {
    if mean.count != channels || std.count != channels {
      return "\(mean.count) means and \(std.count) standard deviations for \(channels) channels"
    }
    return mean.allSatisfy(\.isFinite) && std.allSatisfy { $0.isFinite && $0 > 0 }
      ? nil : "a normalisation by \(self)"
  }

  /// "mean 0.5 0.5 0.5, std 0.25 0.25 0.25"
  public var description: String {
    func text(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: " ") }
    return "mean \(text(mean)), std \(text(std))"
  }
}
