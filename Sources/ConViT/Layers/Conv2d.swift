import Autodiff

/// A convolution of images by squares of pixels.
///
/// PyTorch equivalent: `nn.Conv2d(inputs, outputs, size, stride, padding)`, whose start it has.
public struct Conv2d: Module {
  /// [outputs, inputs, size, size]
  public let weight: Parameter
  /// [outputs]
  public let bias: Parameter?
  private let stride, padding: Int

  /// A map from `inputs` to `outputs` channels; weights and biases start uniformly in ±1 / √n, for
  /// n numbers under the square.
  public init(
    _ inputs: Int, _ outputs: Int, size: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true
  ) {
    let start = Initializer.uniform(1 / Double(inputs * size * size).squareRoot())
    weight = Parameter([outputs, inputs, size, size], kind: .weight, initial: start)
    self.bias = bias ? Parameter([outputs], kind: .bias, initial: start) : nil
    (self.stride, self.padding) = (stride, padding)
  }

  /// [B, inputs, H, W] → [B, outputs, H', W'], with H' = ⌊(H + 2 · padding − size) / stride⌋ + 1
  public func callAsFunction(_ images: Variable) -> Variable {
    let tape = images.tape
    return images.conv2d(
      tape[weight], bias: bias.map { tape[$0] }, stride: stride, padding: padding)
  }
}
