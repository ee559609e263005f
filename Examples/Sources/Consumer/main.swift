// A program outside of the package, which sees only what is public: a model of its own around one
// GPSA layer, trained for a few steps, and weights that go to a file and come back.
import Autodiff
import ConViT

/// Classifies sequences of patches: GPSA, the mean over the patches, a linear head.
struct Classifier: Module {
  let attn = GPSA(dim: 16, heads: 4, grid: PatchGrid(rows: 3, columns: 5))
  let norm = LayerNorm(16)
  let head = Linear(16, 2, kind: .head)

  /// [B, 15, 16] → [B, 2]
  func callAsFunction(_ x: Variable) -> Variable { head((x + attn(norm(x))).mean(1)) }
}

let model = Classifier()
var weights = ParameterStore(model, seed: 0)
var optimizer = AdamW(weights.tree, weightDecay: 0.01)
let pool = WorkerPool(threads: 2)

var random = Random(seed: 1)
let x = Tensor([8, 15, 16], (0..<8 * 15 * 16).map { _ in Float(random.normal()) })
let labels = [0, 1, 0, 1, 0, 1, 0, 1]

var losses: [Float] = []
for _ in 0..<50 {
  let (gradients, shardLosses) = try Shards(size: 2, lanes: 2)
    .gradients(of: 8, at: weights, on: pool) { samples, tape in
      let losses = model(tape.constant(x.sliced(0, samples)))
        .crossEntropy(labels: Array(labels[samples]))
      return (losses, losses.value.elements.reduce(0, +) / 8)
    }
  losses.append(shardLosses.reduce(0, +))
  optimizer.step(&weights, by: gradients, rate: 0.01, on: pool)
}
precondition(losses[49] < 0.1 * losses[0], "training does not train: \(losses)")
precondition(
  weights.tree.names.contains("attn.pos_proj.weight"), "names are not the published ones")
print("Consumer: loss \(losses[0]) → \(losses[49]), \(weights.tree.elementCount) parameters")
