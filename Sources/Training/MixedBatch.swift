import Autodiff
import Images

/// The inputs and targets of a batch as a step sees them: mixed with each other, or as they are.
///
/// Nothing is computed before it is asked for, and then for the examples of one shard, so that no
/// second copy of a batch is made.
struct MixedBatch: Sendable {
  let batch: Batch
  /// What becomes of each example; nil where nothing is mixed.
  private let mixes: [Mix]?
  private let partners: [Int]

  init(_ batch: Batch, _ mixes: [Mix]?) {
    checkPrecondition(
      mixes.map { $0.count == batch.count } ?? true,
      "MixedBatch: \(mixes?.count ?? 0) mixes for \(batch.count) examples")
    checkPrecondition(
      batch.shape.rank > 1 || mixes?.contains { $0.box != nil } != true,
      "MixedBatch: boxes need two axes, examples have \(batch.shape)")
    (self.batch, self.mixes) = (batch, mixes)
    partners = mixes == nil ? [] : batch.partners
  }

  /// The inputs of some of the examples, [range] + the shape of one.
  func inputs(_ range: Range<Int>) -> Tensor {
    let length = batch.shape.elementCount
    let shape = batch.inputs.shape.replacing(0, with: range.count)
    return Tensor(unsafeUninitialized: shape) { out in
      batch.inputs.withUnsafeBufferPointer { numbers in
        guard let base = numbers.baseAddress else { return }
        for index in range {
          let partner = partners.isEmpty ? index : partners[index]
          write(
            mixes?[index] ?? .none, base + index * length, base + partner * length,
            to: out + (index - range.lowerBound) * length)
        }
      }
    }
  }

  /// One example: a box is pasted over the last two axes at every place of those before them, as
  /// colours or frames; a blend is rounded as timm rounds it, two products and a sum in single
  /// precision.
  private func write(
    _ mix: Mix, _ own: UnsafePointer<Float>, _ other: UnsafePointer<Float>,
    to out: UnsafeMutablePointer<Float>
  ) {
    let shape = batch.shape
    let length = shape.elementCount
    if let box = mix.box {
      out.update(from: own, count: length)
      let (height, width) = (shape[-2], shape[-1])
      for plane in 0..<length / (height * width) {
        for row in box.rows {
          let start = (plane * height + row) * width + box.columns.lowerBound
          (out + start).update(from: other + start, count: box.columns.count)
        }
      }
    } else if mix.share == 1 {
      out.update(from: own, count: length)
    } else {
      let (share, rest) = (Float(mix.share), Float(1 - mix.share))
      for i in 0..<length { out[i] = share * own[i] + rest * other[i] }
    }
  }

  /// What the model is to answer for some of the examples, [range, classes]: the classes of both
  /// partners by their shares, smoothed, and rounded as by timm's `mixup_target`.
  func targets(_ range: Range<Int>, classes: Int, smoothing: Double) -> Tensor {
    guard let mixes else {
      return Tensor.targets(
        batch.labels[range], classes: classes, smoothing: Float(smoothing))
    }
    let off = Float(smoothing / Double(classes))
    let on = Float(1 - smoothing + smoothing / Double(classes))
    return Tensor(unsafeUninitialized: [range.count, classes]) { out in
      for index in range {
        let row = out + (index - range.lowerBound) * classes
        let (own, other) = (batch.labels[index], batch.labels[partners[index]])
        checkPrecondition(
          (0..<classes).contains(own) && (0..<classes).contains(other),
          "labels \(own) and \(other) of \(classes) classes, which are 0 to \(classes - 1)")
        let (share, rest) = (Float(mixes[index].share), Float(1 - mixes[index].share))
        row.update(repeating: share * off + rest * off, count: classes)
        row[own] = share * on + rest * (own == other ? on : off)
        if own != other { row[other] = share * off + rest * on }
      }
    }
  }
}

/// What becomes of an image of a batch.
package struct Mix: Hashable, Sendable {
  package struct Box: Hashable, Sendable {
    package let rows, columns: Range<Int>
  }

  /// λ: the image's own share of pixels and target; the rest is the partner's.
  package private(set) var share: Double
  /// Where the partner's pixels are; nil where both are blended everywhere.
  package private(set) var box: Box?

  package static let none = Mix(share: 1)

  /// A blend: share · image + (1 − share) · partner.
  package init(share: Double) { self.share = share }

  /// The partner's pixels in a box; the share is what the box leaves of an image of `size`.
  init(pasting box: Box, into size: ImageSize) {
    self.box = box
    share = 1 - Double(box.rows.count * box.columns.count) / Double(size.height * size.width)
  }

  /// The share in single precision, as timm keeps those of single images.
  var rounded: Mix {
    var mix = self
    mix.share = Double(Float(share))
    return mix
  }
}
