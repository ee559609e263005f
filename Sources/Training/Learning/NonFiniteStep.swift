import Autodiff
import Files

/// A step whose loss or gradients are not finite, and that was therefore not made.
public struct NonFiniteStep: Error, Sendable, CustomStringConvertible {
  /// The step of the optimiser that it would have been, from 1, and the epoch, from 0.
  public let step, epoch: Int
  /// The learning rate, the mean loss, and the norm of all gradients.
  public let rate, loss, gradientNorm: Double
  /// The norm of the gradient of each parameter, in the order of the model.
  package let gradientNorms: [(name: String, norm: Double)]
  /// The indices in the data set of the images of the batch.
  public let samples: [Int]

  init(
    step: Int, epoch: Int, rate: Double, loss: Double, gradients: Gradients, samples: [Int]
  ) {
    (self.step, self.epoch, self.rate) = (step, epoch, rate)
    self.loss = loss.withoutSignOfNaN
    self.samples = samples
    gradientNorm = gradients.norm.withoutSignOfNaN
    gradientNorms = gradients.tree.names.enumerated().map { slot, name in
      let squares = gradients[slot: slot].elements.reduce(0) { $0 + Double($1) * Double($1) }
      return (name, squares.squareRoot())
    }
  }

  /// The loss, the norm, and which step it was.
  public var description: String {
    "the loss is \(loss) and the norm of its gradients \(gradientNorm) in step \(step) "
      + "(epoch \(epoch + 1), learning rate \(rate))"
  }

  /// What is known about the step as JSON; numbers that are not finite are text.
  package func json(files: [String]) throws -> [UInt8] {
    struct Gradient: Encodable { let name: String, norm: Double }
    struct Report: Encodable {
      let step, epoch: Int
      let lr, loss, gradient_norm: Double
      let not_finite: [String]
      let gradients: [Gradient]
      let files: [String]
    }
    let encoder = JSON.encoder(isPretty: true)
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let report = Report(
      step: step, epoch: epoch, lr: rate, loss: loss, gradient_norm: gradientNorm,
      not_finite: gradientNorms.filter { !$0.norm.isFinite }.map(\.name),
      gradients: gradientNorms.map { Gradient(name: $0.name, norm: $0.norm) }, files: files)
    return Array(try encoder.encode(report)) + [UInt8(ascii: "\n")]
  }
}
