import Autodiff
import ConViT

/// A model of several views of an example at once, such as spans and crops of a clip, or the frames
/// of a clip to a model of images: the logarithm of the mean of what it finds probable in each.
///
/// The released code of TimeSformer and SlowFast tests clips so (the mean of the softmax).
package struct AveragedViews: Model {
  package let model: any Model
  package let views: Int

  /// The average over so many views, in their own axis in front of the model's input.
  package init(_ model: any Model, views: Int) { (self.model, self.views) = (model, views) }

  /// [views] + the model's
  package var input: Shape { Shape([views] + model.input.sizes) }

  package var rows: Int { views * model.rows }

  /// [B, views, …] → [B, classes]; a few views at a time, so that the memory is theirs.
  package func callAsFunction(_ x: Variable) -> Variable {
    let part = max(1, Shards.usualRows / max(1, x.shape[0] * model.rows))
    let sums = stride(from: 0, to: views, by: part).map { first in
      let range = first..<min(first + part, views)
      let some = x.sliced(1, range)
      let logits = model(some.reshaped(Shape([x.shape[0] * range.count] + model.input.sizes)))
      return logits.softmax().reshaped(Shape(x.shape[0], range.count, logits.shape[1])).sum(1)
    }
    let mean = sums.dropFirst().reduce(sums[0], +) * (1 / Float(views))
    return (mean + .leastNormalMagnitude).log()
  }
}
