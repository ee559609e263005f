import ConViT
import Files
import Images
import Locality

/// What a query gives to each patch, as pictures: a row a layer or a step of it, a column a head.
///
/// A map is shown in viridis, a patch a block, over the image in grey, if there is one: of a clip,
/// over its frames beside each other. All maps have one scale unless each is to have its own.
package struct AttentionFigure: Sendable {
  package struct Cell: Sendable {
    /// "layer-0-head-3", "layer-0-rollout" or, of a step, "layer-0-time-head-3".
    package let name: String
    let layer: Int
    let step: String?
    /// nil for what is of no head, as attention rollout.
    let head: Int?
    /// Its place in a row: blocks may have fewer heads than others.
    let column: Int
    let gate: Double?
    let map: MapCell
    let captions: [String]
  }

  /// The maps, a row a layer, or a step of it.
  package let rows: [[Cell]]
  /// The image as the model receives it, small ones enlarged by a whole number; of a clip, its
  /// frames beside each other.
  let image: RGBImage?
  /// "layer 0", "layer 0 time": of each row.
  let titles: [String]
  let columns: [String]
  let grid: PatchGrid
  /// How many frames lie beside each other.
  let frames: Int
  let query: AttentionQuery
  /// The scale of all maps; nil if each has its own.
  let scale: AttentionScale?
  let isLogarithmic: Bool
  /// What each patch gets of attention that looks everywhere alike, if that is one in all rows.
  let uniform: Double?
  /// The pixels of a map, with all frames.
  let size: ImageSize
  private let grey: RGBImage?

  /// The pixels that the longer side of a frame has at least.
  private static let least = 224
  static let mark: Palette.Color = (255, 48, 48)

  /// The maps of some heads, of all layers that were asked for, over an image of the model's size,
  /// `size`, or the frames of a clip beside each other, each of this size; without one, it is the
  /// positional attention alone. Throws a `FileError` about `source` for attention
  /// that is not finite.
  package init(
    _ attention: QueryAttention, heads: [Int], size: ImageSize, image: RGBImage?, source: String,
    extent: AttentionScale.Extent = .shared, isLogarithmic: Bool = false
  ) throws {
    for layer in attention.layers where !layer.isFinite {
      throw FileError(path: source, reason: "the attention of layer \(layer.layer) is not finite")
    }
    (grid, frames, query) = (attention.grid, attention.frames, attention.query)
    let grid = grid
    let factor = max(1, (Self.least + size.longer - 1) / size.longer)
    self.size = ImageSize(height: factor * size.height, width: factor * frames * size.width)
    self.image = image?.enlarged(factor)
    grey = self.image?.grey
    titles = attention.layers.map { "layer \($0.layer)" + ($0.step.map { " \($0)" } ?? "") }
    var others: [String] = []
    for name in attention.layers.flatMap(\.others).map(\.name) where !others.contains(name) {
      others.append(name)
    }
    columns = heads.map { "head \($0)" } + others
    let uniforms = Set(attention.layers.map(\.uniform))
    let uniform = uniforms.count == 1 ? uniforms.first ?? nil : nil
    self.uniform = uniform
    let maps = attention.layers.flatMap { layer in
      heads.filter(layer.heads.indices.contains).map { layer.heads[$0] }
        + layer.others.map(\.values)
    }
    let shared =
      extent == .cell
      ? nil
      : AttentionScale(
        maps.joined(), uniform: uniform, isLogarithmic: isLogarithmic)
    (scale, self.isLogarithmic) = (shared, isLogarithmic)
    func cell(
      _ layer: QueryAttention.Layer, _ name: String, _ column: Int, _ values: [Float],
      head: Int? = nil
    ) -> Cell {
      let own = shared ?? AttentionScale(values, isLogarithmic: isLogarithmic)
      return Cell(
        name: (["layer", "\(layer.layer)", layer.step].compactMap(\.self) + [name])
          .joined(separator: "-"),
        layer: layer.layer, step: layer.step, head: head, column: column,
        gate: head.flatMap { layer.gates?[$0] },
        map: MapCell(values: values, grid: grid, scale: own),
        captions: [Self.range(values, shared == nil ? own : nil)]
          + (uniform == nil && head != nil
            ? layer.uniform.map { ["uniform \(shown($0))"] } ?? [] : [])
          + (head.map { Self.captions(layer, $0) } ?? []))
    }
    rows = attention.layers.map { layer in
      heads.enumerated().filter { layer.heads.indices.contains($1) }.map { column, head in
        cell(layer, "head-\(head)", column, layer.heads[head], head: head)
      }
        + layer.others.map { map in
          cell(
            layer, map.name, heads.count + (others.firstIndex(of: map.name) ?? 0), map.values)
        }
    }
  }

  private static func captions(_ layer: QueryAttention.Layer, _ head: Int) -> [String] {
    let gate = layer.gates.map { ["σ(λ) = \(shown($0[head]))"] } ?? []
    guard let fit = layer.positional?[head] else { return gate }
    let centre = fit.x.flatMap { x in fit.y.map { "Δ = (\(shown(x)), \(shown($0)))" } }
    return [centre ?? "no centre", "α = \(shown(fit.strength))"]
  }

  /// The largest attention, and where a logarithmic scale of the map alone begins.
  private static func range(_ values: [Float], _ own: AttentionScale?) -> String {
    let most = shown(Double(values.max() ?? 0))
    guard let own, own.isLogarithmic else { return "max \(most)" }
    return "\(shown(own.low)) to \(most)"
  }

  /// A map alone, the query marked, at the size of the model's images.
  package func picture(of cell: Cell) -> RGBImage { marked(plain(cell)) }

  private func plain(_ cell: Cell) -> RGBImage {
    grey.map(cell.map.picture(over:)) ?? cell.map.picture(size)
  }

  package var queryPicture: RGBImage? { image.map(marked) }

  /// An image of any size with a frame around the query, and white between the frames of a clip.
  func marked(_ image: RGBImage) -> RGBImage {
    var image = image
    for frame in 1..<frames {
      let edge = frame * image.width / frames
      image.frame(
        rows: 0..<image.height, columns: edge - 1..<edge + 1, thickness: 1, (255, 255, 255))
    }
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
  package var contactSheet: RGBImage {
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
      for cell in cells {
        let picture = under.map(cell.map.picture(over:)) ?? cell.map.picture(part)
        sheet.paste(
          marked(picture), row: row * (part.height + gap), column: cell.column * (part.width + gap))
      }
    }
    return sheet
  }
}

extension ImageSize {
  fileprivate var longer: Int { max(height, width) }
}

extension AttentionFigure {
  /// What pictures without text do not say.
  private struct Record: Encodable {
    struct Map: Encodable {
      let file: String
      let layer: Int
      /// Of models of clips whose layers have several attentions.
      let step: String?
      /// None of attention rollout.
      let head: Int?
      let gate: Double?
      let low, high, min, max: Double
    }

    let files: [String]
    /// Rows and columns of a frame.
    let grid: [Int]
    /// Of a clip, how many lie beside each other.
    let frames: Int?
    /// The row and the column of a patch, and of a clip the frame before them; none of the class
    /// token.
    let query: [Int]?
    let scale: String
    let log: Bool
    let uniform: Double?
    let maps: [Map]
  }

  /// The pictures as JSON: of each map, the attention of its darkest and its brightest colour, and
  /// its own smallest and largest; and the names of all files.
  package func record(files: [String]) throws -> String {
    let columns = grid.columns / frames
    let place: [Int]? =
      if case .patch(let row, let column) = query {
        (frames > 1 ? [column / columns] : []) + [row, column % columns]
      } else {
        nil
      }
    let maps = rows.joined().map { cell in
      let (scale, values) = (cell.map.scale, cell.map.values)
      return Record.Map(
        file: cell.name + ".png", layer: cell.layer, step: cell.step, head: cell.head,
        gate: cell.gate,
        low: scale.low, high: scale.high, min: Double(values.min() ?? 0),
        max: Double(values.max() ?? 0))
    }
    return try JSON.text(
      Record(
        files: files, grid: [grid.rows, columns], frames: frames > 1 ? frames : nil, query: place,
        scale: (scale == nil ? AttentionScale.Extent.cell : .shared).rawValue, log: isLogarithmic,
        uniform: uniform, maps: maps), isPretty: true)
  }
}
