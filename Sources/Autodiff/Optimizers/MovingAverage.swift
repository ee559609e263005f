import CKernels
import Foundation

/// The exponential moving average of weights in training (Polyak and Juditsky 1992), as timm's
/// `ModelEmaV3`: after each step, average ← decay · average + (1 − decay) · weights.
public struct MovingAverage: Sendable {
  private let decay: Double
  private let warmsUp: Bool
  /// The average.
  public var weights: ParameterStore

  /// The average of nothing but the start.
  ///
  /// - Parameters:
  ///   - weights: where it starts.
  ///   - decay: what the average keeps of itself in a step, in the end.
  ///   - warmsUp: whether the first steps keep less: min(decay, 1 − t^(−2/3)) at step t, which
  ///     lets go of the start.
  public init(of weights: ParameterStore, decay: Double, warmsUp: Bool = false) {
    checkPrecondition((0...1).contains(decay), "MovingAverage: decay \(decay)")
    (self.weights, self.decay, self.warmsUp) = (weights, decay, warmsUp)
  }

  package func decay(at step: Int) -> Double {
    warmsUp ? min(decay, 1 - pow(Double(step), -2.0 / 3)) : decay
  }

  /// Takes the weights after step `step` in, parameter by parameter on the threads of `pool`.
  public mutating func add(_ latest: ParameterStore, after step: Int, on pool: WorkerPool) {
    checkPrecondition(
      latest.tree.hasShapes(of: weights.tree), "MovingAverage: weights of another model")
    let share = Float(1 - decay(at: step))
    weights.values.withUnsafeMutableBufferPointer { average in
      pool.run(average.count) { slot in
        WorkMeter.measure(.optimizer) {
          let value = latest.values[slot]
          ck_lerp(average[slot].mutablePointer(), value.pointer, share, value.count)
        }
      }
    }
  }
}
