import Autodiff
import ConViT

/// A model of images, and where a symmetry moves their pixels: what it makes of each gx.
struct ImageOrbit: Sendable {
  private let model: any Model
  /// For each element, where each pixel is taken from; or each patch, if they are moved as a whole.
  private let places: [[Int]]
  private let movesPatches: Bool

  /// - Throws: `SymmetryError` if the model's inputs are no images that have the symmetry.
  init(_ model: any Model, _ symmetry: ImageSymmetry) throws(SymmetryError) {
    let input = model.input
    guard input.rank == 3 else {
      throw SymmetryError(
        "symmetries are of images, and the model takes "
          + (model is TimeSformer ? "clips" : "inputs \(input)"))
    }
    self.model = model
    if let c = (model as? VisionTransformer)?.configuration,
      symmetry.movesWholePatches(c.patchSize, height: input[1], width: input[2])
    {
      movesPatches = true
      places = try symmetry.places(height: c.grid.rows, width: c.grid.columns)
    } else {
      movesPatches = false
      places = try symmetry.places(height: input[1], width: input[2])
    }
  }

  /// The elements, by their places in the symmetry; the first is the identity.
  var elements: Range<Int> { places.indices }

  /// The outputs for gx as a function of the element: [B, channels, height, width] → [B, outputs].
  /// The stem of a vision transformer whose patches are moved as a whole is passed once for all.
  func outputs(_ images: Variable) -> (_ element: Int) -> Variable {
    guard movesPatches, let model = model as? VisionTransformer else {
      return { model($0 == 0 ? images : images.movingPixels(places[$0])) }
    }
    let patches = model.patches(images)
    return { model.logits(ofPatches: patches.gathered(1, places[$0])) }
  }
}

extension Variable {
  /// Images whose pixels are taken from `places`: [B, channels, height, width] of the same shape.
  func movingPixels(_ places: [Int]) -> Variable {
    let pixels = reshaped([shape[0], shape[1], shape[2] * shape[3]])
    return pixels.gathered(2, places).reshaped(shape)
  }
}
