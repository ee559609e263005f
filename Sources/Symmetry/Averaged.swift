import Autodiff
import ConViT

/// A model of images averaged over a group: Qf(x) = 1/|G| Σ_g f(gx), which is invariant, or
/// Qf(x) = 1/|G| Σ_g ψ(g)⁻¹ f(gx), whose outputs move by ψ as the image moves.
///
/// It is a model like any other, with the parameters of the one inside: what that one's weights are
/// is what this one's are. A pass is one pass of the model for each element, one after the other;
/// of a vision transformer whose patches are shifted as a whole, the stem is passed once.
/// Source: Elesedy and Zaidi, Provably Strict Generalisation Benefit for Equivariant Models (ICML
/// 2021), section 3.
///
/// ```swift
/// let averaged = try Averaged(saved.model, over: .horizontalFlip)
/// let logits = averaged.logits(of: images, FrozenWeights(saved.weights, .inference), on: pool)
/// ```
public struct Averaged: Model {
  /// What is averaged.
  public enum Quantity: String, Sendable, CaseIterable {
    /// The model's outputs as they are.
    case logits
    /// Their softmax; the outputs are the logarithms of the averages, whose softmax these are.
    case probabilities
  }

  /// The model that is averaged.
  public let model: any Model
  private let places: [[Int]]
  /// Where each patch is taken from, if patches are moved and not changed.
  private let patchPlaces: [[Int]]?
  private let quantity: Quantity
  /// ψ(g)⁻¹ by element, [outputs, outputs], if outputs move.
  private let returns: [Tensor]?

  /// - Throws: `SymmetryError` if the model's inputs are no images that have the symmetry.
  public init(
    _ model: any Model, over symmetry: ImageSymmetry, of quantity: Quantity = .probabilities
  ) throws(SymmetryError) {
    try self.init(model, symmetry, quantity, returns: nil)
  }

  /// An equivariant average: where g moves the image, `outputs` moves what the model says of it.
  ///
  /// - Throws: `SymmetryError` if the inputs are no images that have the symmetry, or the
  ///   representation is of another group.
  public init(
    _ model: any Model, over symmetry: ImageSymmetry, movingOutputsBy outputs: Representation
  ) throws(SymmetryError) {
    guard outputs.group == symmetry.ownGroup else {
      throw SymmetryError("outputs move by a representation of another group than \(symmetry.name)")
    }
    let size: Shape = [outputs.dimension, outputs.dimension]
    let returns = outputs.group.elements.map { g in
      Tensor(size, outputs.matrix(outputs.group.inverse(g)).elements.map(Float.init))
    }
    try self.init(model, symmetry, .logits, returns: returns)
  }

  private init(
    _ model: any Model, _ symmetry: ImageSymmetry, _ quantity: Quantity, returns: [Tensor]?
  ) throws(SymmetryError) {
    let input = model.input
    guard input.rank == 3 else {
      throw SymmetryError("a symmetry of images for a model of inputs \(input)")
    }
    (self.model, self.quantity, self.returns) = (model, quantity, returns)
    places = try symmetry.places(height: input[1], width: input[2])
    guard let c = (model as? VisionTransformer)?.configuration,
      symmetry.movesWholePatches(c.patchSize, height: input[1], width: input[2])
    else {
      patchPlaces = nil
      return
    }
    patchPlaces = try symmetry.places(height: c.grid.rows, width: c.grid.columns)
  }

  /// The model's.
  public var input: Shape { model.input }
  /// The model's, as its passes come one after the other.
  public var rows: Int { model.rows }

  /// [B, channels, height, width] → [B, outputs]
  public func callAsFunction(_ images: Variable) -> Variable {
    let mean = mean(images)
    return quantity == .logits ? mean : (mean + .leastNormalMagnitude).log()
  }

  /// What is averaged, f, as the sum of Qf and of what averaging takes away, f⊥:
  /// [B, channels, height, width] → [B, outputs] each.
  public func split(_ images: Variable) -> (symmetric: Variable, antisymmetric: Variable) {
    let mean = mean(images)
    return (mean, averaged(model(images)) - mean)
  }

  private func mean(_ images: Variable) -> Variable {
    let logits: (Int) -> Variable
    if let patchPlaces, let model = model as? VisionTransformer {
      let patches = model.patches(images)
      logits = { model.logits(ofPatches: patches.gathered(1, patchPlaces[$0])) }
    } else {
      logits = { model($0 == 0 ? images : images.movingPixels(places[$0])) }
    }
    func part(_ place: Int) -> Variable {
      let value = averaged(logits(place))
      return returns.map { value.linear(value.tape.constant($0[place])) } ?? value
    }
    let sum = places.indices.dropFirst().reduce(part(0)) { $0 + part($1) }
    return 1 / Float(places.count) * sum
  }

  private func averaged(_ logits: Variable) -> Variable {
    quantity == .logits ? logits : logits.softmax()
  }
}

extension Variable {
  /// Images whose pixels are taken from `places`: [B, channels, height, width] of the same shape.
  func movingPixels(_ places: [Int]) -> Variable {
    let pixels = reshaped([shape[0], shape[1], shape[2] * shape[3]])
    return pixels.gathered(2, places).reshaped(shape)
  }
}
