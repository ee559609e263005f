// Two models in one program, trained side by side on threads of their own: nothing is global, so
// each gets the bits that it gets alone. Then both predict together.
import Autodiff
import ConViT

func makeModel(_ family: ViTConfiguration.Family) throws -> VisionTransformer {
  var configuration = ViTConfiguration(family, imageSize: 16, patchSize: 4, embedDim: 32, heads: 4)
  (configuration.depth, configuration.classes, configuration.localUpToLayer) = (3, 2, 2)
  if family != .convit { configuration.localUpToLayer = 0 }
  return try VisionTransformer(configuration)
}

/// Are the bright pixels of an image above or below its middle?
let labels = (0..<64).map { $0 % 2 }
var random = Random(seed: 0)
let images = Tensor(
  [64, 3, 16, 16],
  (0..<64 * 768).map { i in
    Float(random.normal()) + (i / 128 % 2 == labels[i / 768] ? 0.3 : 0)
  })

func trained(_ model: VisionTransformer, seed: UInt64) -> ParameterStore {
  var weights = ParameterStore(model, seed: seed)
  var optimizer = AdamW(weights.tree, weightDecay: 0.05)
  let pool = WorkerPool(threads: 1)
  for _ in 0..<30 {
    let tape = Tape(weights)
    let loss = model(tape.constant(images)).crossEntropy(labels: labels).mean()
    optimizer.step(&weights, by: tape.gradients(of: loss), rate: 2e-3, on: pool)
  }
  return weights
}

let (convit, vit) = try (makeModel(.convit), makeModel(.vit))
async let first = trained(convit, seed: 0)
async let second = trained(vit, seed: 1)
let (a, b) = await (first, second)
precondition(a.values == trained(convit, seed: 0).values, "ConViT gets other bits alone")
precondition(b.values == trained(vit, seed: 1).values, "ViT gets other bits alone")

let logits = try [Predictor(convit, a), Predictor(vit, b)].map { try $0.logits(images) }
let sure = (0.5 as Float) * (logits[0] + logits[1])
for (name, logits) in [("ConViT", logits[0]), ("ViT", logits[1]), ("both", sure)] {
  let right = zip(logits.argmax(), labels).filter { $0 == $1 }.count
  print("TwoModels: \(name) is right on \(right) of 64 images")
}
