import Autodiff
import ConViT

/// How far layers by themselves are from commuting with cyclic shifts of the patches by one, to
/// the right and down, by the distance from the border.
///
/// For what a layer adds to its input z, u(z), and a shift S, the error is the root of
/// Σ ‖u(Sz) − Su(z)‖² / Σ (‖u(Sz)‖² + ‖Su(z)‖²), over images and the patches at a distance: 0 if
/// they are the same, 1 if they have nothing to do with each other. The distance is that of a patch
/// from the border that it moves towards or away from, where it is nearer: 0 for patches that are
/// on it before the shift or behind it.
struct ShiftProfile: Sendable {
  private let model: VisionTransformer
  private let weights: FrozenWeights
  private let layers: [Int]
  private let shifts: [(shift: Resampling, distances: [Int])]

  /// A profile of some layers.
  init(_ model: VisionTransformer, _ weights: FrozenWeights, layers: [Int]) {
    (self.model, self.weights, self.layers) = (model, weights, layers)
    let grid = model.configuration.grid
    shifts = [ImageMotion.translationX, .translationY].map { motion in
      let shift = Resampling(
        motion, by: 1, height: grid.rows, width: grid.columns, .cyclic)
      let isAcross = motion == .translationX
      return (
        shift,
        (0..<grid.count).map { patch in
          let places = [patch, shift.terms[patch][0].source].map {
            isAcross ? $0 % grid.columns : $0 / grid.columns
          }
          let length = isAcross ? grid.columns : grid.rows
          return places.map { min($0, length - 1 - $0) }.min() ?? 0
        }
      )
    }
  }

  /// By lane, layer and distance.
  typealias Sums = [[[(apart: Double, size: Double)]]]

  /// What is known of no image.
  var start: Sums {
    let most = shifts.flatMap(\.distances).max() ?? 0
    let distances = Array(repeating: (apart: 0.0, size: 0.0), count: most + 1)
    return Array(repeating: Array(repeating: distances, count: layers.count), count: 4)
  }

  /// Adds images, [B, channels, height, width].
  func add(_ batch: Tensor, to sums: inout Sums, on pool: WorkerPool) {
    let shards = Shards(for: model, batchSize: batch.shape[0])
    _ = shards.outputs(of: batch.shape[0], at: weights, on: pool, into: &sums) {
      range, tape, lane in add(batch.sliced(0, range), tape, &lane)
    }
  }

  private func add(
    _ batch: Tensor, _ tape: Tape, _ sums: inout [[(apart: Double, size: Double)]]
  ) {
    var inputs: [Tensor] = []
    tape.showing(Taps(layers.map { "blocks.\($0).input" })) {
      inputs.append($0.value)
    } _: {
      _ = model(tape.constant(batch))
    }
    for (place, layer) in layers.enumerated() {
      func update(_ input: Tensor) -> Tensor {
        let input = tape.constant(input)
        return (model.blocks[layer](input) - input).value
      }
      let here = update(inputs[place])
      for (shift, distances) in shifts {
        let (one, other) = (update(shift.tokens(inputs[place])), shift.tokens(here))
        add(one, other, distances, &sums[place])
      }
    }
  }

  private func add(
    _ one: Tensor, _ other: Tensor, _ distances: [Int],
    _ sums: inout [(apart: Double, size: Double)]
  ) {
    let (rows, width) = (one.shape[1], one.shape[2])
    let first = rows - distances.count
    one.withUnsafeBufferPointer { one in
      other.withUnsafeBufferPointer { other in
        for start in stride(from: 0, to: one.count, by: rows * width) {
          for (patch, distance) in distances.enumerated() {
            let from = start + (first + patch) * width
            for index in from..<from + width {
              let (a, b) = (Double(one[index]), Double(other[index]))
              sums[distance].apart += (a - b) * (a - b)
              sums[distance].size += a * a + b * b
            }
          }
        }
      }
    }
  }

  /// The errors of each layer, by distance.
  func errors(_ sums: Sums) -> [[Double]] {
    layers.indices.map { place in
      sums[0][place].indices.map { distance in
        let parts = sums.map { $0[place][distance] }
        let size = parts.reduce(0) { $0 + $1.size }
        return size > 0 ? (parts.reduce(0) { $0 + $1.apart } / size).squareRoot() : 0
      }
    }
  }
}
