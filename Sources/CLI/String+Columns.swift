extension String {
  /// The text with spaces behind it, to a width of at least so many characters.
  func padded(to width: Int) -> String { self + Self.spaces(width - count) }

  /// The text with spaces before it, to a width of at least so many characters.
  func aligned(to width: Int) -> String { Self.spaces(width - count) + self }

  private static func spaces(_ count: Int) -> String {
    String(repeating: " ", count: Swift.max(0, count))
  }
}
