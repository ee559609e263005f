/// What a ``TimeSformer`` is made of: the image model that its frames have in common, how many
/// frames there are, and which patches look at which.
public struct TimeSformerConfiguration: Architecture {
  /// Which patches look at which (Bertasius et al. 2021, arXiv:2102.05095, figure 2).
  public enum Scheme: String, Hashable, Sendable, Codable, CaseIterable {
    /// Those of its own frame; the frames are averaged behind the blocks, so that their order has
    /// no effect.
    case space
    /// Those of the whole clip.
    case joint
    /// Those at its place in all frames, then those of its frame (the paper's "divided").
    case divided
    /// Those of the whole clip in a window of half the height and half the width around it, then
    /// every other frame, row and column of the clip ("sparse local global").
    case localGlobal = "local-global"
    /// Those at its place in all frames, then those of its row, then those of its column.
    case axial
  }

  /// `timesformer`
  public static let name = "timesformer"
  /// The structure that the frames have in common: sizes of frames and patches, blocks, classes.
  public var image: ViTConfiguration
  /// The frames of a clip, T.
  public var frames: Int
  /// Which patches look at which.
  public var scheme: Scheme

  /// A model of clips from a model of images.
  ///
  /// The local blocks of a ConViT look within a frame, so that it is for the schemes `space` and
  /// `divided` alone.
  public init(_ image: ViTConfiguration, frames: Int = 8, scheme: Scheme = .divided) {
    (self.image, self.frames, self.scheme) = (image, frames, scheme)
  }

  /// The classes.
  public var outputCount: Int? { image.classes }

  /// The space-time transformer of the configuration.
  public func makeModel() throws(ConfigurationError) -> any Model { try TimeSformer(self) }

  var grid: ClipGrid { ClipGrid(frames: frames, patches: image.grid) }

  package func validate() throws(ConfigurationError) {
    try image.validate()
    try require((1...1024).contains(frames), "the frames must be 1 to 1024, found \(frames)")
    try require(
      grid.count <= 262_144, "\(grid.count) patches of a clip are more than the 262144 supported")
    try require(
      image.localUpToLayer == 0 || scheme == .space || scheme == .divided,
      "the \(image.localUpToLayer) local blocks of a ConViT look within a frame: its attention is "
        + "space or divided, not \(scheme.rawValue)")
  }
}
