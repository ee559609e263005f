import Autodiff
import ConViT

/// How far a model is from what it is to answer: a loss for each example.
///
/// ```swift
/// struct Hinge: Objective {
///   func losses(_ outputs: Outputs, _ examples: ExamplePart) -> Variable { … }  // [n]
/// }
/// ```
public protocol Objective: Sendable {
  /// The losses of some examples of a batch, [n], from what the model's heads give for them.
  ///
  /// It is the sum of these that is differentiated, divided by the number of examples of the step:
  /// no mean is to be taken here.
  func losses(_ outputs: Outputs, _ examples: ExamplePart) -> Variable
}

/// Some examples of a batch, as a loss sees them: mixed with each other, or as they are.
public struct ExamplePart: Sendable {
  let batch: MixedBatch
  /// Which of the batch's examples they are.
  public let range: Range<Int>
  /// What the model was given: [n] + the shape of an example.
  public let inputs: Tensor

  /// The classes, [n]; where examples are mixed, of the one with its own index.
  public var labels: ArraySlice<Int> { batch.batch.labels[range] }
  /// The indices in the data set, [n].
  public var indices: ArraySlice<Int> { batch.batch.indices[range] }

  /// What the model is to answer, [n, classes], rows that sum to 1: the classes of mixed examples
  /// by their shares, and `smoothing` of it spread evenly over all classes.
  public func targets(classes: Int, smoothing: Double = 0) -> Tensor {
    batch.targets(range, classes: classes, smoothing: smoothing)
  }
}

/// The cross-entropy of logits, as `torch.nn.functional.cross_entropy` of probabilities, or with
/// `label_smoothing` where nothing is mixed.
public struct CrossEntropy: Objective {
  /// The share of a target that is spread evenly over all classes.
  let smoothing: Double
  /// How much each class counts, as `weight` there; all the same if left out.
  let weights: [Float]?

  /// The cross-entropy with smoothed labels, of classes that count as much as `weights` say.
  ///
  /// - Precondition: smoothing is in 0 to 1.
  public init(smoothing: Double = 0, weights: [Float]? = nil) {
    checkPrecondition(
      (0...1).contains(smoothing), "CrossEntropy: smoothing \(smoothing), expected 0 to 1")
    (self.smoothing, self.weights) = (smoothing, weights)
  }

  /// −Σ weight · target · log softmax, [n].
  ///
  /// The mean over a step is by the number of its examples, as PyTorch's is for probabilities; for
  /// class indices PyTorch divides by the sum of their weights.
  public func losses(_ outputs: Outputs, _ examples: ExamplePart) -> Variable {
    let targets = examples.targets(classes: outputs.logits.shape[1], smoothing: smoothing)
    return outputs.logits.crossEntropy(weights.map(targets.scaled(columns:)) ?? targets)
  }
}

/// The binary cross-entropy of each class by itself, as timm's `BinaryCrossEntropy`.
public struct BinaryCrossEntropy: Objective {
  /// The share of a target that is spread evenly over all classes.
  let smoothing: Double
  /// What a target must be above to count as 1, else 0; nil: targets stay as they are.
  let threshold: Float?

  /// The binary cross-entropy of smoothed labels.
  public init(smoothing: Double = 0, threshold: Float? = nil) {
    (self.smoothing, self.threshold) = (smoothing, threshold)
  }

  /// The mean over the classes, [n].
  public func losses(_ outputs: Outputs, _ examples: ExamplePart) -> Variable {
    let targets = examples.targets(classes: outputs.logits.shape[1], smoothing: smoothing)
    return outputs.logits.binaryCrossEntropy(threshold.map(targets.above) ?? targets)
  }
}

extension Tensor {
  fileprivate func scaled(columns factors: [Float]) -> Tensor {
    checkPrecondition(
      factors.count == shape[1],
      "class weights: \(factors.count) of them for \(shape[1]) classes")
    return map { factors[$0 % factors.count] * $1 }
  }

  /// 1 where an element is above a threshold, else 0.
  fileprivate func above(_ threshold: Float) -> Tensor { map { $1 > threshold ? 1 : 0 } }

  private func map(_ transform: (Int, Float) -> Float) -> Tensor {
    Tensor(unsafeUninitialized: shape) { out in
      withUnsafeBufferPointer { values in
        for i in 0..<values.count { out[i] = transform(i, values[i]) }
      }
    }
  }
}
