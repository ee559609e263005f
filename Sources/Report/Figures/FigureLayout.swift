import Files

/// How large figures are, for a page that they must fit.
package struct FigureLayout: Sendable {
  /// The width in pixels of 1/96 inch; without one, charts have their usual width.
  let width: Double?
  /// The size of most text relative to the usual, and with it of all that has no width to keep.
  let scale: Double
  /// Charts beside each other, at most; without one, as many as are usual and have room.
  let columns: Int?

  /// The usual size of text, in pixels; that at ticks is a little smaller.
  private static let fontSize = 11.0
  /// The least width of a chart's axes that can be read.
  static let leastWidth = 60.0

  /// Figures of a width in pixels of 1/96 inch, with text of a size in points.
  package init(width: Double? = nil, fontSize: Double? = nil, columns: Int? = nil) {
    (self.width, self.columns) = (width, columns)
    scale = fontSize.map { $0 * 96 / 72 / Self.fontSize } ?? 1
  }
}

/// What a figure has no room for.
package struct FigureError: Error, CustomStringConvertible {
  package let description: String

  /// The figure of `body`, whose name its error begins with.
  static func naming<Figure>(_ name: String, _ body: () throws -> Figure) throws -> Figure {
    do { return try body() } catch let error as FigureError {
      throw FigureError(
        description: "\(name): \(error.description); give a larger width, fewer columns or a "
          + "smaller font size")
    }
  }
}
