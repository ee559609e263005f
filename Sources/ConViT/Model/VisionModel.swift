import Autodiff

/// A vision transformer of images, or one of clips: what the command trains.
package protocol VisionModel: Model {
  /// The structure of images, or that which the frames of clips have in common.
  var image: ViTConfiguration { get }
  /// What the model is made from.
  var architecture: any Architecture { get }
  /// The weights of a file to start from; see `SavedModel.finetuned`.
  func start(
    from path: String, seed: UInt64, isPartial: Bool, classNames: [String]?,
    normalization: ChannelStatistics?
  ) throws -> (weights: ParameterStore, notes: [String])
}

extension VisionTransformer: VisionModel {
  package var image: ViTConfiguration { configuration }
  package var architecture: any Architecture { configuration }

  package func start(
    from path: String, seed: UInt64, isPartial: Bool, classNames: [String]?,
    normalization: ChannelStatistics?
  ) throws -> (weights: ParameterStore, notes: [String]) {
    try SavedModel.finetuned(
      self, from: path, seed: seed, isPartial: isPartial, classNames: classNames,
      normalization: normalization)
  }
}

extension TimeSformer: VisionModel {
  package var image: ViTConfiguration { configuration.image }
  package var architecture: any Architecture { configuration }

  package func start(
    from path: String, seed: UInt64, isPartial: Bool, classNames: [String]?,
    normalization: ChannelStatistics?
  ) throws -> (weights: ParameterStore, notes: [String]) {
    try SavedModel.finetuned(
      self, from: path, seed: seed, isPartial: isPartial, classNames: classNames,
      normalization: normalization)
  }
}
