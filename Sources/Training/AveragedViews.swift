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

  /// [B, views, …] → [B, classes]
  package func callAsFunction(_ x: Variable) -> Variable {
    let logits = model(x.reshaped(Shape([x.shape[0] * views] + model.input.sizes)))
    let classes = logits.shape[1]
    let mean = logits.softmax().reshaped(Shape(x.shape[0], views, classes)).mean(1)
    return (mean + .leastNormalMagnitude).log()
  }
}
