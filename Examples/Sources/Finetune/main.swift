// Published weights (a file that timm made) into a model with an attention and a head of one's own;
// all else stays frozen.
import Autodiff
import ConViT
import Images
import Training

struct Shift: Attention {  // every token sees the one before it
  let value = Linear(32, 32)
  func callAsFunction(_ x: Variable) -> Variable {
    let (last, n) = (x.sliced(-2, x.shape[-2] - 1..<x.shape[-2]), x.shape[-2])
    return value(last.concatenated(x.sliced(-2, 0..<n - 1), -2))
  }
}
let description = SavedModel.Description(imageHeight: 32, imageWidth: 32)
let saved = try SavedModel(contentsOf: CommandLine.arguments[1], as: description)
var model = try saved.model(as: VisionTransformer.self)
model.blocks[3].attn = Shift()
model.head = Linear(32, 2, kind: .head)
var weights = ParameterStore(model, seed: 0)
print("new: \(weights.take(saved.weights))")

var recipe = Recipe { AdamW($0, weightDecay: 0.05) }
recipe.pass.frozen = !.named("head.*", "blocks.3.attn.*")
var learner = Learner(model, weights, recipe)
let numbers = (0..<16 * 3072).map { Float($0 / 3072 % 2) - Float($0 % 7) / 7 }
let data = InMemoryExamples(
  inputs: Tensor([16, 3, 32, 32], numbers), labels: (0..<16).map { $0 % 2 })
let (batch, pool) = (data.batch(Array(0..<16)), WorkerPool(threads: 2))
for step in 0..<10 {
  let result = try learner.step(batch, epoch: 0, rate: 3e-3, on: pool)
  print(step, result.loss, result.accuracy)
}
