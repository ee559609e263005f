import Autodiff

/// What makes maps of features of images: a convolutional net without its head, for a
/// ``HybridEmbed``.
public protocol Backbone: Module {
  /// [B, channels, height, width] → [B, features, rows, columns]
  func callAsFunction(_ images: Variable) -> Variable
}

/// A convolutional net in front of a transformer, whose maps of features are cut into patches in
/// the place of the images.
///
/// ```swift
/// struct Small: Backbone {
///   let first = Conv2d(3, 32, size: 3, stride: 4, padding: 1)
///   let second = Conv2d(32, 64, size: 3, stride: 4, padding: 1)
///   func callAsFunction(_ images: Variable) -> Variable { second(first(images).relu()) }
/// }
/// var model = try VisionTransformer(.preset(of: "convit_tiny"))  // 16 pixels to a patch
/// model.patchEmbed = HybridEmbed(Small(), features: 64, dim: 192)
/// ```
///
/// PyTorch equivalent: timm's `HybridEmbed`; the one of the authors of ConViT has a linear layer
/// in the place of the convolution by one pixel, with the same numbers.
public struct HybridEmbed: Stem {
  /// What makes the maps of features.
  public let backbone: any Backbone
  package let proj: PatchEmbed.Projection

  /// An embedding of `patchSize` × `patchSize` of the backbone's `features` into `dim`.
  public init(_ backbone: any Backbone, features: Int, patchSize: Int = 1, dim: Int) {
    self.backbone = backbone
    proj = PatchEmbed(channels: features, patchSize: patchSize, dim: dim).proj
  }

  /// [B, channels, height, width] → [B, N, dim]
  public func callAsFunction(_ images: Variable) -> Variable { proj(backbone(images)) }
}
