import ArgumentParser
import Autodiff
import ConViT
import Symmetry

extension ImageMotion.Boundary: ExpressibleByArgument {}

/// What `convit symmetry` measures of small motions, and of gates.
struct MotionOptions: ParsableArguments {
  @Flag(
    help: """
      Measure the Lie derivative of logits and layers for translation, rotation and scale: how \
      much of their deviation comes in with a pixel, a radian, a factor of e.
      """)
  var lie = false
  @Flag(
    help: """
      Set the gates of all GPSA heads from 0 to 1, and measure how the layers' equivariance \
      follows, for shifts by a patch (or --group cyclic:K), d4 and translation; gate-sweep.svg. \
      An image is some thousand passes.
      """)
  var gateSweep = false
  @Option(
    help: .name(
      "What is beyond the border: cyclic, copies of the image, or zeros. (default: cyclic)"))
  var boundary: ImageMotion.Boundary?

  func validate() throws {
    guard boundary == nil || lie || gateSweep else {
      throw ValidationError("boundary is for lie and gate-sweep")
    }
  }

  /// Throws if these differences cannot be measured in a precision.
  func validate(in precision: Precision) throws {
    guard precision == .float32 || !(lie || gateSweep) else {
      throw ValidationError(
        "lie and gate-sweep need precision fp32: small differences drown in \(precision.rawValue)")
    }
  }

  /// - Parameter group: the name of the group that averages are over.
  func meters(
    of model: @autoclosure () throws -> VisionTransformer, _ weights: FrozenWeights, group: String
  ) throws -> MotionMeters {
    guard lie || gateSweep else { return MotionMeters() }
    let (model, boundary) = (try model(), boundary ?? .cyclic)
    let steps = group.hasPrefix("cyclic:") ? Int(group.dropFirst(7)) : nil
    return MotionMeters(
      lie: lie ? LieDerivative(model, weights, boundary: boundary) : nil,
      sweep: gateSweep
        ? try GateSweep(model, weights, steps: steps, boundary: boundary) : nil)
  }
}

/// What was asked for of ``MotionOptions``, and its sums.
struct MotionMeters {
  private let lie: LieDerivative?
  private let sweep: GateSweep?
  private var lieSums: LieDerivative.Sums?
  private var sweepSums: GateSweep.Sums?

  init(lie: LieDerivative? = nil, sweep: GateSweep? = nil) {
    (self.lie, self.sweep) = (lie, sweep)
    (lieSums, sweepSums) = (lie?.start, sweep?.start)
  }

  mutating func add(_ batch: Tensor, on pool: WorkerPool) {
    if let lie, var sums = lieSums {
      lieSums = nil
      lie.add(batch, to: &sums, on: pool)
      lieSums = sums
    }
    if let sweep, var sums = sweepSums {
      sweepSums = nil
      sweep.add(batch, to: &sums, on: pool)
      sweepSums = sums
    }
  }

  /// Puts what was measured into a report.
  func complete(_ report: inout SymmetryReport) {
    if let lie, let lieSums { report.lie = lie.report(lieSums) }
    if let sweep, let sweepSums { report.gateSweep = sweep.report(sweepSums) }
  }
}
