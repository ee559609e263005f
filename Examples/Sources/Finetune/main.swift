// Published weights in a model with an attention and a head of one's own; all else is frozen.
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
let saved = try SavedModel(contentsOf: CommandLine.arguments[1], as: .init(heads: 4))
var model = try saved.model(as: VisionTransformer.self)
model.blocks[3].attn = Shift()
model.head = Linear(32, 2, kind: .head)
var weights = ParameterStore(model, seed: 0)
print("new: \(weights.take(saved.weights))")

var recipe = Recipe { AdamW($0, weightDecay: 0.05) }
recipe.pass.frozen = !.named("head.*", "blocks.3.attn.*")
var learner = Learner(model, weights, recipe)
var random = Random(seed: 0)
let pixels = Tensor([16, 3, 32, 32], (0..<49_152).map { _ in Float(random.normal()) })
let data = InMemoryExamples(inputs: pixels, labels: (0..<16).map { $0 % 2 })
let (batch, pool) = (data.batch(Array(0..<16)), WorkerPool(threads: 2))
for step in 0..<10 {
  let result = try learner.step(batch, epoch: 0, rate: 3e-3, on: pool)
  print(step, result.loss, result.accuracy)
}
