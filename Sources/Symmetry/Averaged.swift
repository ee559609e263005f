import Autodiff
import ConViT

/// A model of images averaged over a group: Qf(x) = 1/|G| Σ_g f(gx), which is invariant.
///
/// It is a model like any other, with the parameters of the one inside: what that one's weights are
/// is what this one's are. A pass is one pass of the model for each element, one after the other.
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
  private let quantity: Quantity

  /// - Throws: `SymmetryError` if the model's inputs are no images that have the symmetry.
  public init(
    _ model: any Model, over symmetry: ImageSymmetry, of quantity: Quantity = .probabilities
  ) throws(SymmetryError) {
    let input = model.input
    guard input.rank == 3 else {
      throw SymmetryError("a symmetry of images for a model of inputs \(input)")
    }
    (self.model, self.quantity) = (model, quantity)
    places = try symmetry.places(height: input[1], width: input[2])
  }

  /// The model's.
  public var input: Shape { model.input }
  /// The model's, as its passes come one after the other.
  public var rows: Int { model.rows }

  /// [B, channels, height, width] → [B, outputs]
  public func callAsFunction(_ images: Variable) -> Variable {
    let factor = 1 / Float(places.count)
    let sum = places.dropFirst().reduce(outputs(images, places[0])) {
      $0 + outputs(images, $1)
    }
    return quantity == .logits ? factor * sum : (factor * sum + .leastNormalMagnitude).log()
  }

  private func outputs(_ images: Variable, _ places: [Int]) -> Variable {
    let logits = model(images.movingPixels(places))
    return quantity == .logits ? logits : logits.softmax()
  }
}

extension Variable {
  /// Images whose pixels are taken from `places`: [B, channels, height, width] of the same shape.
  func movingPixels(_ places: [Int]) -> Variable {
    let pixels = reshaped([shape[0], shape[1], shape[2] * shape[3]])
    return pixels.gathered(2, places).reshaped(shape)
  }
}
