import Autodiff

/// What makes tokens of images, in front of the blocks of a ``VisionTransformer``.
public protocol Stem: Module {
  /// [B, channels, height, width] → [B, N, dim], row by row of the grid
  func callAsFunction(_ images: Variable) -> Variable
}

/// Cuts images into patches and maps each to a token: a convolution whose stride is its size.
///
/// PyTorch equivalent: `nn.Conv2d(channels, dim, patch, stride=patch)` with
/// `flatten(2).transpose(1, 2)`; timm's `PatchEmbed`.
public struct PatchEmbed: Stem {
  package let proj: Projection

  package struct Projection: Module {
    package let weight: Parameter  // [dim, channels, patch, patch]
    package let bias: Parameter

    func callAsFunction(_ images: Variable) -> Variable {
      let (weight, bias) = (images.tape[weight], images.tape[bias])
      return images.patches(weight.shape[-1]).linear(weight, bias: bias)
    }
  }

  /// An embedding of patches of `patchSize` × `patchSize` pixels into `dim` features.
  ///
  /// It starts as PyTorch's convolution does, uniformly in ±1 / √(pixels of a patch): timm's ConViT
  /// and DeiT leave it so.
  public init(channels: Int, patchSize: Int, dim: Int) {
    let start = Initializer.uniform(1 / Double(channels * patchSize * patchSize).squareRoot())
    proj = Projection(
      weight: Parameter([dim, channels, patchSize, patchSize], kind: .weight, initial: start),
      bias: Parameter([dim], kind: .bias, initial: start))
  }

  /// [B, channels, height, width] → [B, N, dim]
  public func callAsFunction(_ images: Variable) -> Variable { proj(images) }
}
