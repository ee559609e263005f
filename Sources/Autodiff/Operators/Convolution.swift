extension Variable {
  /// A convolution of images by squares: [B, C, H, W] → [B, M, H', W'], for `weight`
  /// [M, C, p, p] and `bias` [M], with H' = ⌊(H + 2 · padding − p) / stride⌋ + 1.
  ///
  /// It is `linear` of the patches, so that the derivative is theirs. PyTorch equivalent:
  /// `F.conv2d(x, weight, bias, stride, padding)`.
  public func conv2d(
    _ weight: Variable, bias: Variable? = nil, stride: Int = 1, padding: Int = 0
  ) -> Variable {
    let (images, w) = (shape, weight.shape)
    checkPrecondition(
      images.rank == 4 && w.rank == 4 && w[1] == images[1] && w[2] == w[3],
      "conv2d: images \(images) and weight \(w), expected [batch, channels, height, width] and "
        + "[filters, channels, size, size] of the same channels")
    let window = PatchWindow(size: w[2], stride: stride, padding: padding)
    checkPrecondition(
      stride > 0 && padding >= 0 && min(images[2], images[3]) + 2 * padding >= w[2],
      "conv2d: images \(images), weight \(w), stride \(stride), padding \(padding): a filter must "
        + "not be larger than the padded images, and strides are 1 or more")
    let maps = patches(window).linear(weight, bias: bias).permuted(0, 2, 1)
    return maps.reshaped([images[0], w[0], window.count(images[2]), window.count(images[3])])
  }
}
