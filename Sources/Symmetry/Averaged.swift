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
  private let orbit: ImageOrbit
  private let quantity: Quantity
  /// ψ(g)⁻¹ by element, [outputs, outputs], if outputs move.
  private let returns: [Tensor]?

  /// - Throws: `SymmetryError` if the model's inputs are no images that have the symmetry.
  public init(
    _ model: any Model, over symmetry: ImageSymmetry, of quantity: Quantity = .probabilities
  ) throws(SymmetryError) {
    (self.model, self.quantity, returns) = (model, quantity, nil)
    orbit = try ImageOrbit(model, symmetry)
  }

  /// An equivariant average: where g moves the image, `outputs` moves what the model says of it.
  ///
  /// - Throws: `SymmetryError` if the inputs are no images that have the symmetry, or the
  ///   representation is of another group, or of another dimension than the outputs of a vision
  ///   transformer. Of a model whose outputs are not known before a pass, that ends the pass.
  public init(
    _ model: any Model, over symmetry: ImageSymmetry, movingOutputsBy outputs: Representation
  ) throws(SymmetryError) {
    guard outputs.group == symmetry.ownGroup else {
      throw SymmetryError("outputs move by a representation of another group than \(symmetry.name)")
    }
    let count = Self.outputCount(of: model) ?? outputs.dimension
    guard outputs.dimension == count else {
      throw SymmetryError(
        "a representation of dimension \(outputs.dimension) for a model of \(count) outputs")
    }
    let size: Shape = [outputs.dimension, outputs.dimension]
    (self.model, quantity) = (model, .logits)
    orbit = try ImageOrbit(model, symmetry)
    returns = outputs.group.elements.map { g in
      Tensor(size, outputs.matrix(outputs.group.inverse(g)).elements.map(Float.init))
    }
  }

  /// How many outputs a model has, where that is known without a pass.
  private static func outputCount(of model: any Model) -> Int? {
    switch model {
    case let model as VisionTransformer: model.configuration.classes
    case let model as Averaged: model.returns?[0].shape[0] ?? outputCount(of: model.model)
    default: nil
    }
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
    let logits = orbit.outputs(images)
    func part(_ element: Int) -> Variable {
      let value = averaged(logits(element))
      return returns.map { value.linear(value.tape.constant($0[element])) } ?? value
    }
    let sum = orbit.elements.dropFirst().reduce(part(0)) { $0 + part($1) }
    return 1 / Float(orbit.elements.count) * sum
  }

  private func averaged(_ logits: Variable) -> Variable {
    quantity == .logits ? logits : logits.softmax()
  }
}
