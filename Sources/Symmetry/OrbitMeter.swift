import Autodiff
import ConViT
import Foundation

/// The probabilities of a model for all that a group makes of images.
package struct OrbitMeter: Sendable {
  private let model: any Model
  private let weights: FrozenWeights
  private let orbit: ImageOrbit

  /// - Throws: `SymmetryError` if the model's images have no such symmetry.
  package init(
    _ model: any Model, _ weights: FrozenWeights, _ symmetry: ImageSymmetry
  ) throws(SymmetryError) {
    (self.model, self.weights) = (model, weights)
    orbit = try ImageOrbit(model, symmetry)
  }

  /// The probabilities for each image and element: [B][elements][outputs].
  package func probabilities(of images: Tensor, on pool: WorkerPool) -> [[[Double]]] {
    let count = images.shape[0]
    let parts = Shards(for: model, batchSize: count).outputs(of: count, at: weights, on: pool) {
      range, tape in
      let logits = orbit.outputs(tape.constant(images.sliced(0, range)))
      let outputs = orbit.elements.map { logits($0).value }
      return range.indices.map { image in
        outputs.map { logits in softmax(logits, row: image - range.lowerBound) }
      }
    }
    return parts.flatMap(\.self)
  }
}

/// The softmax of a row of a matrix, in double precision.
private func softmax(_ logits: Tensor, row: Int) -> [Double] {
  let width = logits.shape[1]
  return logits.withUnsafeBufferPointer { values in
    let row = values[row * width..<(row + 1) * width]
    let most = Double(row.max() ?? 0)
    let powers = row.map { exp(Double($0) - most) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
