/// What matrix products take their operands for; their sums are of floats, and so is all else.
public enum Precision: String, Hashable, Sendable, Codable, CaseIterable {
  /// Floats.
  case float32 = "fp32"
  /// Floats rounded to bfloat16, an 8-bit significand, as PyTorch's autocast does it. Processors
  /// with AMX, AVX-512 BF16 or Arm's BF16 multiply them by instructions of their own; others go
  /// through floats.
  case bfloat16 = "bf16"
}
