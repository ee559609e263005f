import Autodiff
import ConViT

/// How far a vision transformer is from commuting with small motions of the image: translation,
/// rotation and scale.
///
/// For an image x and a motion T_t, the Lie derivative of what a layer makes of it, z(x), is
///
///     Lz(x) = d/dt T₋ₜ z(T_t x) at t = 0 = (z(T_h x) − z(T₋ₕ x)) / 2h − Gz(x),
///
/// where the feature map is moved back on the grid of patches, by the same motion in units of
/// patches, with G = (T_h − T₋ₕ) / 2h. Logits, and tokens in front of the patches, do not move: for
/// them, G = 0. The errors are
///
///     √(mean ‖Lz‖² / mean ‖z − z̄‖²),
///
/// means over images and patches, z̄ that of each feature: the part of a feature's deviation that
/// comes in with a unit of t (a pixel, a radian, a factor of e). Neither the number of features nor
/// their scale changes it, so layers and models can be compared. It is 0 for an equivariant layer.
///
/// Images and feature maps are sampled bilinearly. A patch is left out if G needs, for it, a value
/// from beyond the border of its grid, unless that is a cyclic translation.
/// Source: Gruver et al., The Lie Derivative for Measuring Learned Equivariance (ICLR 2023),
/// section 3, whose local equivariance error is ‖Lz‖² by the number of outputs.
package struct LieDerivative: Sendable {
  private struct Motion {
    let name: ImageMotion
    let step: Double  // h
    let images, patches: [Resampling]  // T_h and T₋ₕ
    let generator: Resampling
  }

  private let model: VisionTransformer
  private let weights: FrozenWeights
  private let boundary: ImageMotion.Boundary
  private let motions: [Motion]

  /// - Parameter distance: how far the differences move the farthest pixel, in pixels. What is
  ///   sampled bilinearly has kinks at whole pixels, so errors are off by a part that is linear in
  ///   it; too small a one drowns in rounding. At half of the default, the errors of logits of
  ///   two models of 28 × 28 pixels are 0.1 to 1.3 % smaller.
  package init(
    _ model: VisionTransformer, _ weights: FrozenWeights,
    _ motions: [ImageMotion] = ImageMotion.allCases, boundary: ImageMotion.Boundary = .cyclic,
    distance: Double = 0.02
  ) {
    (self.model, self.weights, self.boundary) = (model, weights, boundary)
    let c = model.configuration
    let patch = 1 / Double(c.patchSize)
    self.motions = motions.map { name in
      let step = name.amount(moving: distance, height: c.imageHeight, width: c.imageWidth)
      return Motion(
        name: name, step: step,
        images: [step, -step].map {
          Resampling(name, by: $0, height: c.imageHeight, width: c.imageWidth, boundary)
        },
        patches: [step, -step].map {
          Resampling(
            name, by: name.isTranslation ? $0 * patch : $0, height: c.grid.rows,
            width: c.grid.columns, boundary)
        },
        generator: Resampling(
          derivative: name, step: step, scale: patch, height: c.grid.rows, width: c.grid.columns,
          boundary))
    }
  }

  /// Sums over images, by lane.
  package struct Sums {
    fileprivate var lanes: [Lane]
  }

  fileprivate struct Lane {
    var images = 0
    var logits = Part()
    /// Of the patches, of the tokens in front of them, and of each layer by itself; at first what
    /// the stem makes, then the layers.
    var patches, tokens, updates: [Part]
  }

  /// A spread, and the changes by motion.
  fileprivate struct Part {
    var spread = FeatureSpread()
    var changes: [ImageMotion: Changes] = [:]
  }

  /// What is known of no image.
  package var start: Sums {
    let parts = Array(repeating: Part(), count: model.blocks.count + 1)
    let lane = Lane(patches: parts, tokens: parts, updates: parts)
    return Sums(lanes: Array(repeating: lane, count: 4))
  }

  /// Adds images, [B, channels, height, width].
  package func add(_ batch: Tensor, to sums: inout Sums, on pool: WorkerPool) {
    let shards = Shards(for: model, batchSize: batch.shape[0])
    _ = shards.outputs(of: batch.shape[0], at: weights, on: pool, into: &sums.lanes) {
      range, tape, lane in add(batch.sliced(0, range), tape, &lane)
    }
  }

  private func add(_ batch: Tensor, _ tape: Tape, _ lane: inout Lane) {
    let patches = model.configuration.grid.count
    let (base, logits) = values(batch, tape)
    lane.images += batch.shape[0]
    lane.logits.spread.add(logits.asTokens, 0..<1)
    for (place, value) in base.outputs.enumerated() {
      let first = value.shape[1] - patches
      lane.patches[place].spread.add(value, first..<first + patches)
      lane.tokens[place].spread.add(value, 0..<first)
      guard place > 0 else { continue }
      let update = tape.constant(value) - tape.constant(base.inputs[place - 1])
      lane.updates[place].spread.add(update.value, first..<first + patches)
    }
    for motion in motions {
      let moved = motion.images.map { values($0.planes(batch), tape) }
      lane.logits.changes[motion.name, default: Changes()].add(
        moved[0].logits.asTokens, moved[1].logits.asTokens, step: motion.step)
      for (place, value) in base.outputs.enumerated() {
        let pair = moved.map { $0.seen.outputs[place] }
        lane.tokens[place].changes[motion.name, default: Changes()].add(
          pair[0], pair[1], step: motion.step, tokens: value.shape[1] - patches)
        lane.patches[place].changes[motion.name, default: Changes()].add(
          pair[0], pair[1], step: motion.step, apartFrom: motion.generator, of: value)
        guard place > 0 else { continue }
        let outputs = motion.patches.map {
          model.blocks[place - 1](tape.constant($0.tokens(base.inputs[place - 1]))).value
        }
        lane.updates[place].changes[motion.name, default: Changes()].add(
          outputs[0], outputs[1], step: motion.step, apartFrom: motion.generator, of: value)
      }
    }
  }

  /// What the stem and each layer make of images, what goes into each layer, and the logits.
  private func values(
    _ images: Tensor, _ tape: Tape
  ) -> (seen: (inputs: [Tensor], outputs: [Tensor]), logits: Tensor) {
    let names = model.blocks.indices
    var (inputs, outputs): ([Tensor], [Tensor]) = ([], [])
    let places = names.flatMap { ["blocks.\($0).input", "blocks.\($0).output"] }
    let logits = tape.showing(Taps(places)) { seen in
      if seen.place.hasSuffix(".input") {
        inputs.append(seen.value)
        if inputs.count == 1 { outputs.append(seen.value) }
      } else {
        outputs.append(seen.value)
      }
    } _: {
      model(tape.constant(images)).value
    }
    return ((inputs, outputs), logits)
  }

  /// What the sums say, motion by motion.
  package func report(_ sums: Sums) -> LieReport {
    func errors(_ part: (Lane) -> Part) -> [ImageMotion: Double] {
      let parts = sums.lanes.map(part)
      let spread = FeatureSpread.mean(parts.map(\.spread))
      return Dictionary(
        uniqueKeysWithValues: motions.compactMap { motion in
          Changes.error(parts.compactMap { $0.changes[motion.name] }, over: spread)
            .map { (motion.name, $0) }
        })
    }
    let logits = errors(\.logits)
    let places = 0...model.blocks.count
    let (patches, tokens, updates) = (
      places.map { place in errors { $0.patches[place] } },
      places.map { place in errors { $0.tokens[place] } },
      places.map { place in errors { $0.updates[place] } }
    )
    return LieReport(
      images: sums.lanes.reduce(0) { $0 + $1.images }, boundary: boundary,
      motions: motions.map { motion in
        LieReport.Motion(
          name: motion.name, unit: motion.name.unit, step: motion.step,
          logits: logits[motion.name], stem: patches[0][motion.name],
          layers: model.blocks.enumerated().map { layer, block in
            LieReport.Layer(
              layer: layer, kind: block.attn.kind, patches: patches[layer + 1][motion.name],
              tokens: tokens[layer + 1][motion.name], own: updates[layer + 1][motion.name],
              gate: block.attn.meanGate(weights.weights))
          })
      })
  }
}

extension Tensor {
  /// A row for each example: [B, C] → [B, 1, C].
  fileprivate var asTokens: Tensor { reshaped([shape[0], 1, shape[1]]) }
}
