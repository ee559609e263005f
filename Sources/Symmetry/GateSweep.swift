import Autodiff
import ConViT
import Foundation

/// How equivariance of a model's GPSA layers follows their gates: σ(λ) of all heads is set from 0
/// to 1 in steps of 0.1, all other weights stay, and each layer is measured at each gate.
///
/// Attention to content alone (σ = 0) does not know where patches are: it commutes with every
/// permutation of them. Attention to positions alone (σ = 1) commutes with shifts away from the
/// border, as convolutions do.
package struct GateSweep: Sendable {
  /// What is set, 0 … 1.
  package static let gates = (0...10).map { Double($0) / 10 }

  private struct Setting {
    let shifts: LayerSymmetry
    let turns: LayerSymmetry?
    let profile: ShiftProfile
    let lie: LieDerivative
  }

  /// Sums over images, by gate.
  package struct Sums {
    fileprivate var settings:
      [(
        shifts: LayerSymmetry.Sums, turns: LayerSymmetry.Sums?, profile: ShiftProfile.Sums,
        lie: LieDerivative.Sums
      )]
  }

  private let symmetry: ImageSymmetry
  private let boundary: ImageMotion.Boundary
  private let layers: [Int]
  private let settings: [Setting]

  /// A sweep with cyclic shifts in `steps` steps; by default in as many as both sides of the grid
  /// can be divided by: by one patch, if it is square.
  ///
  /// - Throws: `SymmetryError` if the model has no gates, or patches that these shifts do not move.
  package init(
    _ model: VisionTransformer, _ weights: FrozenWeights, steps: Int? = nil,
    boundary: ImageMotion.Boundary = .cyclic
  ) throws(SymmetryError) {
    let grid = model.configuration.grid
    layers = model.blocks.indices.filter { model.blocks[$0].attn.gateLogits != nil }
    guard !layers.isEmpty else { throw SymmetryError("a sweep of gates for a model without gates") }
    let steps = steps ?? Self.greatestDivisor(grid.rows, grid.columns)
    guard steps > 1 else {
      throw SymmetryError(
        "a sweep of gates for \(grid.rows) × \(grid.columns) patches, which no cyclic shift moves "
          + "along both axes alike")
    }
    (symmetry, self.boundary) = (.shifts(steps), boundary)
    var settings: [Setting] = []
    for gate in Self.gates {
      let weights = Self.weights(weights, of: model, gate: gate)
      settings.append(
        Setting(
          shifts: try LayerSymmetry(model, weights, symmetry),
          turns: model.configuration.isSquare ? try LayerSymmetry(model, weights, .d4) : nil,
          profile: ShiftProfile(model, weights, layers: layers),
          lie: LieDerivative(
            model, weights, [.translationX, .translationY], boundary: boundary)))
    }
    self.settings = settings
  }

  private static func greatestDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestDivisor(b, a % b)
  }

  /// The weights with σ(λ) = `gate` in all heads; 0 and 1 are so to the last bit of a `Float`.
  static func weights(
    _ frozen: FrozenWeights, of model: VisionTransformer, gate: Double
  ) -> FrozenWeights {
    let logit = min(max(log(gate / (1 - gate)), -40), 40)
    var weights = frozen.weights
    for parameter in model.blocks.compactMap(\.attn.gateLogits) {
      weights[parameter] = Tensor(repeating: Float(logit), parameter.shape)
    }
    return FrozenWeights(weights, frozen.pass)
  }

  /// What is known of no image.
  package var start: Sums {
    Sums(
      settings: settings.map { ($0.shifts.start, $0.turns?.start, $0.profile.start, $0.lie.start) })
  }

  /// Adds images, [B, channels, height, width].
  package func add(_ batch: Tensor, to sums: inout Sums, on pool: WorkerPool) {
    for (place, setting) in settings.enumerated() {
      setting.shifts.add(batch, to: &sums.settings[place].shifts, on: pool)
      if let turns = setting.turns, var sum = sums.settings[place].turns {
        sums.settings[place].turns = nil
        turns.add(batch, to: &sum, on: pool)
        sums.settings[place].turns = sum
      }
      setting.profile.add(batch, to: &sums.settings[place].profile, on: pool)
      setting.lie.add(batch, to: &sums.settings[place].lie, on: pool)
    }
  }

  /// What the sums say, gate by gate.
  package func report(_ sums: Sums) -> SweepReport {
    SweepReport(
      shifts: symmetry.name, boundary: boundary,
      points: zip(Self.gates, zip(settings, sums.settings)).map { gate, each in
        let (setting, sums) = each
        let (shifts, profile) = (
          setting.shifts.layers(sums.shifts), setting.profile.errors(sums.profile)
        )
        let turns = sums.turns.flatMap { setting.turns?.layers($0) }
        let motions = setting.lie.report(sums.lie).motions
        return SweepReport.Point(
          gate: gate, logits: SweepReport.joined(motions.map(\.logits)),
          layers: layers.enumerated().map { place, layer in
            SweepReport.Layer(
              layer: layer, shifts: shifts[layer].ownError, turns: turns?[layer].ownError,
              byDistance: profile[place],
              translation: SweepReport.joined(motions.map { $0.layers[layer].own }))
          })
      })
  }
}

/// The errors of a model's gated layers by the gate; nil where there is nothing to measure.
package struct SweepReport: Codable, Sendable {
  package struct Point: Codable, Sendable {
    package let gate: Double
    /// The Lie derivative of the logits for translations: both axes together, by pixel.
    package let logits: Double?
    package let layers: [Layer]
  }

  package struct Layer: Codable, Sendable {
    package let layer: Int
    /// The layer's own error (``LayerSymmetry``) for cyclic shifts, and for turns and mirror images
    /// if images are square.
    package let shifts: Double
    package let turns: Double?
    /// That of shifts by one patch (``ShiftProfile``) at 0, 1, … patches from the border.
    package let byDistance: [Double]
    /// Its own Lie derivative for translations: both axes together, by pixel.
    package let translation: Double?

    enum CodingKeys: String, CodingKey {
      case layer, shifts, turns, translation
      case byDistance = "by_distance"
    }
  }

  /// The cyclic shifts: `cyclic:7`.
  package let shifts: String
  /// What was beyond the border for translations.
  package let boundary: ImageMotion.Boundary
  package let points: [Point]

  /// The error along all axes together; nil if one is.
  fileprivate static func joined(_ errors: [Double?]) -> Double? {
    let known = errors.compactMap(\.self)
    guard known.count == errors.count else { return nil }
    return known.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}

extension ViTConfiguration {
  fileprivate var isSquare: Bool { imageHeight == imageWidth }
}
