import Autodiff

/// Turns bytes into the planes of numbers that a model takes: (v / 255 − mean) / std, for three
/// channels (red, green, blue) or one (grey).
///
/// The arithmetic is single precision in torchvision's order (`ToTensor`, then `Normalize`), so
/// the numbers are the same to the last bit.
public struct Normalization: Hashable, Sendable {
  package let mean, std: [Float]
  private let table: [Float]  // [channels, 256]

  /// The mean and standard deviation of ImageNet, which published weights expect.
  public static let imageNet = Normalization(
    checkedMean: [0.485, 0.456, 0.406], checkedStd: [0.229, 0.224, 0.225])

  /// For one channel, the means of ImageNet's three: what timm takes for weights of one channel.
  static let imageNetGray = Normalization(checkedMean: [0.449], checkedStd: [0.226])

  /// ImageNet's for images of three channels or one.
  package static func imageNet(channels: Int) throws(TransformError) -> Normalization {
    switch channels {
    case 3: return imageNet
    case 1: return imageNetGray
    default:
      throw TransformError(description: "images have 3 channels, or 1, not \(channels)")
    }
  }

  /// A normalisation by the mean and the standard deviation of each channel, from 0 to 1.
  ///
  /// - Throws: `TransformError` unless there are three finite means and three finite standard
  ///   deviations greater than zero, or one of each.
  public init(mean: [Float], std: [Float]) throws(TransformError) {
    guard mean.count == std.count && [1, 3].contains(mean.count) else {
      throw TransformError(
        description: "normalisation needs 3 means and 3 standard deviations, or one of each, "
          + "found \(mean.count) and \(std.count)")
    }
    guard mean.allSatisfy(\.isFinite) else {
      throw TransformError(description: "the means must be finite, found \(mean)")
    }
    guard std.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw TransformError(
        description: "the standard deviations must be finite and greater than 0, found \(std)")
    }
    self.init(checkedMean: mean, checkedStd: std)
  }

  private init(checkedMean mean: [Float], checkedStd std: [Float]) {
    (self.mean, self.std) = (mean, std)
    table = mean.indices.flatMap { c in
      (0..<256).map { (Float($0) / 255 - mean[c]) / std[c] }
    }
  }

  /// How many planes an image has: 3, or 1 for grey.
  package var channels: Int { mean.count }

  /// The number that a byte of the first channel becomes.
  subscript(byte: UInt8) -> Float { table[Int(byte)] }

  /// Writes `image` as planes: [height, width, 3] bytes → [channels, height, width] numbers. One
  /// channel is the first of the image, whose pixels must be grey then.
  package func write(_ image: RGBImage, into planes: UnsafeMutableBufferPointer<Float>) {
    let count = image.width * image.height
    checkPrecondition(
      planes.count == channels * count,
      "Normalization: \(image.width) × \(image.height) needs \(channels * count) numbers, "
        + "found room for \(planes.count)")
    image.pixels.withUnsafeBufferPointer { pixels in
      table.withUnsafeBufferPointer { table in
        guard let source = pixels.baseAddress, let values = table.baseAddress,
          let red = planes.baseAddress
        else { return }
        guard channels == 3 else {
          for i in 0..<count { red[i] = values[Int(source[3 * i])] }
          return
        }
        let (green, blue) = (red + count, red + 2 * count)
        for i in 0..<count {
          red[i] = values[Int(source[3 * i])]
          green[i] = values[256 + Int(source[3 * i + 1])]
          blue[i] = values[512 + Int(source[3 * i + 2])]
        }
      }
    }
  }

  /// The image as a batch of one: [1, channels, height, width].
  public func tensor(_ image: RGBImage) -> Tensor {
    var tensor = Tensor(repeating: 0, [1, channels, image.height, image.width])
    tensor.withUnsafeMutableBufferPointer { write(image, into: $0) }
    return tensor
  }
}
