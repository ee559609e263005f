import Autodiff
import ConViT
import DoubleNumerics

/// What each part of a model adds to its answers, over many images: direct logit attribution
/// (`LogitAttribution`), summed up.
///
/// ```swift
/// var summary = try AttributionSummary(of: model)
/// for batch in batches { summary.add(batch.inputs, labels: batch.labels, weights, on: pool) }
/// for line in summary.lines { print(line.part, line.margin) }
/// ```
///
/// A logit alone says nothing, since a constant on all of them changes no probability. So what a
/// part adds to the logit of an image's class is taken relative to two others: the mean over all
/// classes (`classLogit`), and the strongest other class of the whole model (`margin`), whose sum
/// over the parts is above 0 where the answer is right.
///
/// Parts are seen as far as they reach the head by themselves: those in front of where a ConViT's
/// class token joins add exactly 0 where the head reads that token, however much depends on them.
public struct AttributionSummary: Sendable {
  /// What a part adds, as the mean over the images.
  public struct Line: Sendable, Hashable, Codable {
    /// The part, as `LogitAttribution` calls it.
    public let part: String
    /// To the logit of the image's class, less the mean over all classes.
    public let classLogit: Double
    /// The standard error of that mean; nil for a single image.
    public let classLogitError: Double?
    /// To the logit of the image's class, less the strongest other one of the whole model.
    public let margin: Double
    /// The standard error of that mean; nil for a single image.
    public let marginError: Double?

    enum CodingKeys: String, CodingKey {
      case part, margin
      case classLogit = "class_logit"
      case classLogitError = "class_logit_error"
      case marginError = "margin_error"
    }
  }

  /// The names of the parts; none before the first image.
  public private(set) var parts: [String] = []
  /// What each part adds to each image's `classLogit`, by part, images in the order they were
  /// added.
  public private(set) var classLogits: [[Float]] = []
  /// What each part adds to each image's `margin`.
  public private(set) var margins: [[Float]] = []
  private let model: VisionTransformer

  /// Of no image yet.
  ///
  /// - Throws: `InputError` for a distilled model, whose logits are those of two heads, and for one
  ///   of a single class.
  public init(of model: VisionTransformer) throws(InputError) {
    guard model.configuration.classes > 1 else {
      throw InputError(message: "attribution compares classes, and the model has one")
    }
    try LogitAttribution.check(model)
    self.model = model
  }

  /// Adds images [B, channels, height, width] and their classes, B of them, from 0.
  public mutating func add(
    _ images: Tensor, labels: [Int], _ weights: FrozenWeights, on pool: WorkerPool
  ) {
    let (model, count, classes) = (model, images.shape[0], model.configuration.classes)
    checkPrecondition(
      labels.count == count, "AttributionSummary: \(labels.count) labels for \(count) images")
    let wrong = labels.firstIndex { !(0..<classes ~= $0) }
    checkPrecondition(
      wrong == nil,
      "AttributionSummary: label \(labels[wrong ?? 0]) at index \(wrong ?? 0) is none of the "
        + "model's classes, 0 to \(classes - 1)")
    let size = max(1, min(8, count / pool.threads))
    let ranges = stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
    let found = pool.map(ranges) {
      LogitAttribution(ofChecked: images.sliced(0, $0), model, weights)
    }
    for (range, attribution) in zip(ranges, found) {
      add(attribution, labels: Array(labels[range]))
    }
  }

  private mutating func add(_ attribution: LogitAttribution, labels: [Int]) {
    if parts.isEmpty {
      parts = attribution.parts.map(\.name)
      (classLogits, margins) = (parts.map { _ in [] }, parts.map { _ in [] })
    }
    let rivals = zip(rows(attribution.logits), labels).map { logits, label in
      logits.indices.filter { $0 != label }.max { logits[$0] < logits[$1] }!
    }
    for (part, value) in attribution.parts.enumerated() {
      for (image, logits) in rows(value.logits).enumerated() {
        let (own, mean) = (logits[labels[image]], logits.reduce(0, +) / Float(logits.count))
        classLogits[part].append(own - mean)
        margins[part].append(own - logits[rivals[image]])
      }
    }
  }

  private func rows(_ logits: Tensor) -> [[Float]] {
    let (elements, classes) = (logits.elements, logits.shape[-1])
    return (0..<logits.shape[0]).map { Array(elements[$0 * classes..<($0 + 1) * classes]) }
  }

  /// A line for each part.
  public var lines: [Line] {
    func moments(_ values: [Float]) -> RunningMoments { RunningMoments(values.map(Double.init)) }
    return parts.indices.map { part in
      let (logit, margin) = (moments(classLogits[part]), moments(margins[part]))
      return Line(
        part: parts[part], classLogit: logit.mean ?? 0, classLogitError: logit.standardError,
        margin: margin.mean ?? 0, marginError: margin.standardError)
    }
  }
}
