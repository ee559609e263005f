import ConViT
import Images

/// An attention map as pixels: a patch a block of viridis, over an image in grey if there is one.
struct MapCell {
  static let opacity = 0.6

  /// [rows · columns], at least 0.
  let values: [Float]
  let grid: PatchGrid
  let scale: AttentionScale

  private var colors: [Palette.Color] {
    values.map { Palette.viridis(scale.place(Double($0))) }
  }

  func picture(_ size: ImageSize) -> RGBImage {
    let colors = colors
    return RGBImage(drawn: size) { row, column in
      colors[row * grid.rows / size.height * grid.columns + column * grid.columns / size.width]
    }
  }

  /// The map over a grey image, in the image's size.
  func picture(over grey: RGBImage) -> RGBImage {
    var picture = picture(grey.size)
    for index in picture.pixels.indices {
      // (1 − opacity) · grey + opacity · colour, rounded: the shares are 2 and 3 fifths.
      let sum = 2 * Int(grey.pixels[index]) + 3 * Int(picture.pixels[index])
      picture.pixels[index] = UInt8((sum + 2) / 5)
    }
    return picture
  }
}

extension RGBImage {
  init(drawn size: ImageSize, _ color: (_ row: Int, _ column: Int) -> Palette.Color) {
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * size.height * size.width)
    for row in 0..<size.height {
      for column in 0..<size.width {
        let color = color(row, column)
        pixels.append(color.red)
        pixels.append(color.green)
        pixels.append(color.blue)
      }
    }
    self.init(width: size.width, height: size.height, pixels: pixels)
  }

  /// Images of one size beside each other.
  package init(beside images: [RGBImage]) {
    let size = images[0].size
    let width = images.count * size.width
    self.init(
      width: width, height: size.height,
      pixels: Array(repeating: 0, count: 3 * width * size.height))
    for (place, image) in images.enumerated() {
      paste(image, row: 0, column: place * size.width)
    }
  }

  /// The image in grey, by the luma of ITU-R 601.
  var grey: RGBImage {
    var result = self
    for index in 0..<width * height {
      let (red, green, blue) = (pixels[3 * index], pixels[3 * index + 1], pixels[3 * index + 2])
      let weighted: Int = 299 * Int(red) + 587 * Int(green) + 114 * Int(blue)
      let luma = UInt8((weighted + 500) / 1000)
      for channel in 0..<3 { result.pixels[3 * index + channel] = luma }
    }
    return result
  }

  /// The image with each pixel `factor` × `factor` times.
  func enlarged(_ factor: Int) -> RGBImage {
    let size = ImageSize(height: factor * height, width: factor * width)
    return factor == 1
      ? self
      : RGBImage(drawn: size) { row, column in
        let start = 3 * (row / factor * width + column / factor)
        return (pixels[start], pixels[start + 1], pixels[start + 2])
      }
  }

  /// Draws the frame of a rectangle, `thickness` pixels inside of it.
  mutating func frame(
    rows: Range<Int>, columns: Range<Int>, thickness: Int, _ color: Palette.Color
  ) {
    for row in rows {
      for column in columns {
        let depth = min(
          row - rows.lowerBound, rows.upperBound - 1 - row, column - columns.lowerBound,
          columns.upperBound - 1 - column)
        guard depth < thickness else { continue }
        let start = 3 * (row * width + column)
        (pixels[start], pixels[start + 1], pixels[start + 2]) = (color.red, color.green, color.blue)
      }
    }
  }

  mutating func paste(_ image: RGBImage, row: Int, column: Int) {
    for line in 0..<image.height {
      let (from, to) = (3 * line * image.width, 3 * ((row + line) * width + column))
      pixels.replaceSubrange(
        to..<to + 3 * image.width, with: image.pixels[from..<from + 3 * image.width])
    }
  }
}
