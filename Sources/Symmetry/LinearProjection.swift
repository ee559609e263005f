import Autodiff
import ConViT
import DoubleNumerics

/// The projection of linear maps ℝᵈ → ℝᵏ on those that commute with two representations.
///
/// Q̄(W) = 1/|G| Σ_g φ(g) W ψ(g)⁻¹ for W of [d, k], which takes x to Wᵀx (Elesedy and Zaidi 2021).
package struct LinearProjection: Sendable {
  let inputs, outputs: Representation

  package init(from inputs: Representation, to outputs: Representation) throws(SymmetryError) {
    guard inputs.group == outputs.group else {
      throw SymmetryError("inputs and outputs are of representations of one group")
    }
    (self.inputs, self.outputs) = (inputs, outputs)
  }

  /// Q̄(W): [d, k] → [d, k].
  package func callAsFunction(_ w: Matrix) -> Matrix {
    let group = inputs.group
    var sum = Matrix(zeros: w.rows, w.columns)
    for g in group.elements {
      // φ(g) W ψ(g)⁻¹, whose last factor is ψ(g)ᵀ
      sum = sum + outputs.moving(inputs.moving(w, by: g).transposed, by: g).transposed
    }
    return 1 / Double(group.order) * sum
  }

  /// χ = 1/|G| Σ_g tr φ(g) tr ψ(g): the dimension of the maps that commute.
  package var dimension: Double { inputs.mean { inputs.character($0) * outputs.character($0) } }

  /// J = 1/|G| Σ_g (tr φ(g) ψ(g) + ψ(g²)): [k, k].
  var moments: Matrix {
    let group = inputs.group
    let parts = group.elements.map { g in
      inputs.character(g) * outputs.matrix(g) + outputs.matrix(group.product(g, g))
    }
    return 1 / Double(group.order) * parts.dropFirst().reduce(parts[0], +)
  }
}

extension Linear {
  /// Makes the layer equivariant: its weights become the nearest that commute with what a group
  /// does to its inputs and outputs.
  ///
  /// - Throws: `SymmetryError` if the representations are of other dimensions than the layer's, or
  ///   of different groups.
  public func makeEquivariant(
    _ weights: inout ParameterStore, from inputs: Representation, to outputs: Representation
  ) throws(SymmetryError) {
    let projection = try LinearProjection(from: inputs, to: outputs)
    let (rows, columns) = (weight.shape[0], weight.shape[1])
    guard outputs.dimension == rows, inputs.dimension == columns else {
      throw SymmetryError(
        "representations of dimension \(inputs.dimension) and \(outputs.dimension) for a layer "
          + "from \(columns) to \(rows)")
    }
    let w = Matrix(rows, columns, weights[weight].elements.map(Double.init)).transposed
    let projected = projection(w).transposed.elements.map(Float.init)
    weights[weight] = Tensor(weight.shape, projected)
    guard let bias else { return }
    let b = outputs.projection * weights[bias].elements.map(Double.init)
    weights[bias] = Tensor(bias.shape, b.map(Float.init))
  }
}
