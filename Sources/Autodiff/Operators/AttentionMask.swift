extension Tensor {
  /// Which keys a query may look at, as the `bias` of an attention: [1, queries, keys] of 0 where
  /// `isAllowed` holds, and −∞ elsewhere.
  ///
  /// ```swift
  /// let causal = Tensor.mask(queries: n, keys: n) { query, key in key <= query }
  /// Variable.attention(q, k, v, bias: tape.constant(causal))
  /// ```
  ///
  /// PyTorch equivalent: a Boolean `attn_mask`.
  public static func mask(
    queries: Int, keys: Int, where isAllowed: (_ query: Int, _ key: Int) -> Bool
  ) -> Tensor {
    Tensor(unsafeUninitialized: Shape(1, queries, keys)) { out in
      for query in 0..<queries {
        for key in 0..<keys {
          out[query * keys + key] = isAllowed(query, key) ? 0 : -.infinity
        }
      }
    }
  }
}
