/// What matrix products take their operands for; their sums are of floats, and so is all else.
public enum Precision: String, Hashable, Sendable, Codable, CaseIterable {
  /// Floats.
  case float32 = "fp32"
  /// Floats rounded to bfloat16, an 8-bit significand, as PyTorch's autocast does it. Processors
  /// with AVX-512 BF16 make up to twice as many products a second of them, those with AMX several
  /// times as many; others go through floats.
  case bfloat16 = "bf16"
}
