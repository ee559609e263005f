/// How images are resized for a model, by timm's names.
public enum Interpolation: String, Hashable, Sendable, Codable {
  /// A triangle, antialiased.
  case bilinear
  /// Keys' cubic, antialiased: what most published weights were trained with.
  case bicubic
}
