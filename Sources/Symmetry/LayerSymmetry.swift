import Autodiff
import ConViT

/// How far the layers of a vision transformer are from commuting with a symmetry of images, which
/// moves patches as it moves pixels.
///
/// For what a layer makes of an image, z(x), the equivariant part is Qz(x) = Σ_g g⁻¹z(gx) / |G|,
/// and the error ‖z − Qz‖ / ‖z‖, root mean squares over images and their orbits: 0 for an
/// equivariant layer, at most 1.
package struct LayerSymmetry: Sendable {
  package struct Layer: Codable, Sendable {
    package let layer: Int
    package let kind: String
    /// Of the layer's output, through all layers up to it.
    package let error: Double
    /// Of what this layer adds to its input, with the input moved: of this layer alone.
    package let ownError: Double
    /// The mean share of position in the heads' attention; nil without gates.
    package let gate: Double?

    enum CodingKeys: String, CodingKey {
      case layer, kind, error, gate
      case ownError = "own_error"
    }
  }

  private let model: VisionTransformer
  private let weights: FrozenWeights
  private let images, patches: [[Int]]

  /// - Throws: `SymmetryError` if the symmetry moves images, or patches, that the model has not.
  package init(
    _ model: VisionTransformer, _ weights: FrozenWeights, _ symmetry: ImageSymmetry
  ) throws(SymmetryError) {
    let c = model.configuration
    (self.model, self.weights) = (model, weights)
    images = try symmetry.places(height: c.imageHeight, width: c.imageWidth)
    patches = try symmetry.patchPlaces(of: c.grid, patchSize: c.patchSize)
  }

  /// Sums over images, by lane and layer.
  package struct Sums {
    fileprivate var lanes: [[(output: Spread, update: Spread)]]
  }

  /// What is known of no image.
  package var start: Sums {
    Sums(lanes: Array(repeating: model.blocks.map { _ in (Spread(), Spread()) }, count: 4))
  }

  /// Adds images, [B, channels, height, width].
  package func add(_ batch: Tensor, to sums: inout Sums, on pool: WorkerPool) {
    let shards = Shards(for: model, batchSize: batch.shape[0])
    _ = shards.outputs(of: batch.shape[0], at: weights, on: pool, into: &sums.lanes) {
      range, tape, layers in add(batch.sliced(0, range), tape, &layers)
    }
  }

  private func add(
    _ batch: Tensor, _ tape: Tape, _ layers: inout [(output: Spread, update: Spread)]
  ) {
    let ends = model.blocks.indices.map { "blocks.\($0).output" }
    let starts = model.blocks.indices.map { "blocks.\($0).input" }
    var outputs = layers.map { _ in Orbit() }
    var inputs: [Tensor] = []
    for (element, places) in images.enumerated() {
      tape.showing(Taps(ends + (element == 0 ? starts : []))) { seen in
        if let layer = ends.firstIndex(of: seen.place) {
          outputs[layer].add(seen.value, patches[element])
        } else {
          inputs.append(seen.value)
        }
      } _: {
        _ = model(tape.constant(batch).movingPixels(places))
      }
    }
    for (layer, block) in model.blocks.enumerated() {
      layers[layer].output.add(outputs[layer])
      var updates = Orbit()
      for places in patches {
        let moved = tape.constant(inputs[layer]).movingTokens(places)
        updates.add((block(moved) - moved).value, places)
      }
      layers[layer].update.add(updates)
    }
  }

  /// What the sums say of each layer.
  package func layers(_ sums: Sums) -> [Layer] {
    model.blocks.enumerated().map { layer, block in
      let all = sums.lanes.map { $0[layer] }
      return Layer(
        layer: layer, kind: block.attn.kind, error: Spread.error(all.map(\.output)),
        ownError: Spread.error(all.map(\.update)),
        gate: block.attn.meanGate(weights.weights))
    }
  }
}

/// ‖z − Qz‖² and ‖z‖², summed over images and their orbits.
private struct Spread {
  private var apart = 0.0
  private var size = 0.0

  mutating func add(_ orbit: Orbit) {
    let count = Double(orbit.count)
    apart += max(0, orbit.squares - orbit.sum.reduce(0) { $0 + $1 * $1 } / count)
    size += orbit.squares
  }

  static func error(_ parts: [Spread]) -> Double {
    let (apart, size) = parts.reduce((0, 0)) { ($0.0 + $1.apart, $0.1 + $1.size) }
    return size > 0 ? (apart / size).squareRoot() : 0
  }
}

/// The sum of tokens over an orbit, each moved back to where it was, and that of their squares.
/// Tokens in front of the patches stay where they are.
private struct Orbit {
  var sum: [Double] = []
  var squares = 0.0
  var count = 0

  mutating func add(_ tokens: Tensor, _ places: [Int]) {
    let (examples, rows, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2])
    let first = rows - places.count
    if sum.isEmpty { sum = Array(repeating: 0, count: examples * rows * width) }
    count += 1
    tokens.withUnsafeBufferPointer { values in
      for example in 0..<examples {
        for row in 0..<rows {
          let from = (example * rows + row) * width
          let place = row < first ? row : first + places[row - first]
          let to = (example * rows + place) * width
          for column in 0..<width {
            let value = Double(values[from + column])
            sum[to + column] += value
            squares += value * value
          }
        }
      }
    }
  }
}

extension Variable {
  /// Tokens of which the patches, behind all others, are taken from `places`: [B, T + N, C].
  fileprivate func movingTokens(_ places: [Int]) -> Variable {
    let first = shape[1] - places.count
    return gathered(1, Array(0..<first) + places.map { first + $0 })
  }
}

extension ImageSymmetry {
  /// Where each patch of gx is among those of x.
  func patchPlaces(of grid: PatchGrid, patchSize: Int) throws(SymmetryError) -> [[Int]] {
    do throws(SymmetryError) {
      return try places(height: grid.rows, width: grid.columns)
    } catch {
      throw SymmetryError(
        "\(name) does not move whole patches: \(grid.rows) × \(grid.columns) patches of "
          + "\(patchSize) pixels have no such symmetry")
    }
  }
}
