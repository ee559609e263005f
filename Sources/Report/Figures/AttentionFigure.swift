import ConViT
import Images
import Locality

/// What a query gives to each patch, as pictures: a row a layer, a column a head.
///
/// A map is shown in viridis from 0 to its own largest value, a patch a block, over the image in
/// grey, if there is one.
public struct AttentionFigure: Sendable {
  /// A map.
  public struct Cell: Sendable {
    /// "layer-0-head-3", or "layer-0-rollout".
    public let name: String
    let map: MapCell
    /// What stands below it.
    let captions: [String]
  }

  /// The maps, a row a layer.
  public let rows: [[Cell]]
  /// The image as the model receives it, small ones enlarged by a whole number.
  let image: RGBImage?
  let layers: [Int]
  let columns: [String]
  let grid: PatchGrid
  let query: AttentionQuery
  /// The size of a map alone.
  let size: ImageSize
  private let grey: RGBImage?

  /// The pixels that the longer side of a map has at least.
  private static let least = 224
  /// The colour of the query's frame.
  static let mark: Palette.Color = (255, 48, 48)

  /// The maps of some heads, of all layers that were asked for.
  ///
  /// - Parameters:
  ///   - size: of the model's images, which `image` has.
  ///   - image: what the attention is to; nil for the positional attention alone.
  /// - Throws: `ReportError` for attention that is not finite; `source` is what it is of.
  public init(
    _ attention: QueryAttention, heads: [Int], size: ImageSize, image: RGBImage?, source: String
  ) throws {
    for layer in attention.layers where !layer.isFinite {
      throw ReportError(path: source, reason: "the attention of layer \(layer.layer) is not finite")
    }
    (grid, query) = (attention.grid, attention.query)
    let grid = grid
    let factor = max(1, (Self.least + size.longer - 1) / size.longer)
    self.size = ImageSize(height: factor * size.height, width: factor * size.width)
    self.image = image?.enlarged(factor)
    grey = self.image?.grey
    layers = attention.layers.map(\.layer)
    let hasRollout = attention.layers.contains { $0.rollout != nil }
    columns = heads.map { "head \($0)" } + (hasRollout ? ["rollout"] : [])
    rows = attention.layers.map { layer in
      let cells = heads.map { head in
        Cell(
          name: "layer-\(layer.layer)-head-\(head)",
          map: MapCell(values: layer.heads[head], grid: grid),
          captions: Self.captions(layer, head))
      }
      let rollout = layer.rollout.map {
        Cell(
          name: "layer-\(layer.layer)-rollout", map: MapCell(values: $0, grid: grid),
          captions: [Self.largest($0)])
      }
      return cells + (rollout.map { [$0] } ?? [])
    }
  }

  private static func captions(_ layer: QueryAttention.Layer, _ head: Int) -> [String] {
    let gate = layer.gates.map { ["σ(λ) = \(shown($0[head]))"] } ?? []
    guard let fit = layer.positional?[head] else { return [largest(layer.heads[head])] + gate }
    let centre = fit.x.flatMap { x in fit.y.map { "Δ = (\(shown(x)), \(shown($0)))" } }
    return [largest(layer.heads[head]), centre ?? "no centre", "α = \(shown(fit.strength))"]
  }

  private static func largest(_ values: [Float]) -> String {
    "max \(shown(Double(values.max() ?? 0)))"
  }

  /// A map alone, the query marked, at the size of the model's images.
  public func picture(of cell: Cell) -> RGBImage { marked(plain(cell)) }

  private func plain(_ cell: Cell) -> RGBImage {
    grey.map(cell.map.picture(over:)) ?? cell.map.picture(size)
  }

  /// The image with the query marked; nil if there is none.
  public var queryPicture: RGBImage? { image.map(marked) }

  /// An image of any size with a frame around the query.
  func marked(_ image: RGBImage) -> RGBImage {
    guard case .patch(let row, let column) = query else { return image }
    func pixels(_ place: Int, of count: Int, _ length: Int) -> Range<Int> {
      place * length / count..<(place + 1) * length / count
    }
    var result = image
    let (rows, columns) = (
      pixels(row, of: grid.rows, image.height), pixels(column, of: grid.columns, image.width)
    )
    result.frame(
      rows: rows, columns: columns, thickness: max(1, min(rows.count, columns.count) / 8), Self.mark
    )
    return result
  }

  /// All maps beside and below each other on white, without text.
  ///
  /// Where that would have more than 4096 pixels on a side, maps are drawn smaller.
  public var contactSheet: RGBImage {
    let (down, across) = (rows.count, columns.count)
    let gap = max(2, size.longer / 28)
    let room = { (count: Int) in (4096 - gap * (count - 1)) / count }
    let scale = min(
      1, Double(room(across)) / Double(size.width), Double(room(down)) / Double(size.height))
    let part = ImageSize(
      height: max(grid.rows, Int(scale * Double(size.height))),
      width: max(grid.columns, Int(scale * Double(size.width))))
    let under =
      scale < 1
      ? grey.map { $0.resized(width: part.width, height: part.height, resampling: .bicubic) } : grey
    let (height, width) = (
      down * part.height + (down - 1) * gap, across * part.width + (across - 1) * gap
    )
    var sheet = RGBImage(
      width: width, height: height, pixels: Array(repeating: 255, count: 3 * width * height))
    for (row, cells) in rows.enumerated() {
      for (column, cell) in cells.enumerated() {
        let picture = under.map(cell.map.picture(over:)) ?? cell.map.picture(part)
        sheet.paste(
          marked(picture), row: row * (part.height + gap), column: column * (part.width + gap))
      }
    }
    return sheet
  }
}

extension ImageSize {
  /// The longer side.
  fileprivate var longer: Int { max(height, width) }
}
