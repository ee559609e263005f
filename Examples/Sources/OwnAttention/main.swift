// An attention of one's own, with a derivative of its own. Sparsemax (Martins and Astudillo 2016,
// arXiv:1602.02068) takes the place of the softmax: most of its weights are exactly zero. The
// derivative is compared with finite differences, and a small ViT learns with it.
import Autodiff
import ConViT

/// The distribution nearest to x: max(x − τ, 0), with τ such that it sums to 1.
func sparsemax(_ x: [Float]) -> [Float] {
  var (sum, tau): (Float, Float) = (0, 0)
  for (i, z) in x.sorted(by: >).enumerated() where 1 + Float(i) * z > sum {
    sum += z
    tau = (sum - 1) / Float(i + 1)
  }
  return x.map { max($0 - tau, 0) }
}

/// dx = dy − (the mean of dy where y > 0) where y > 0, else 0
func sparsemaxDerivative(_ y: [Float], _ dy: [Float]) -> [Float] {
  let support = y.indices.filter { y[$0] > 0 }
  let mean = support.reduce(0) { $0 + dy[$1] } / Float(support.count)
  return y.indices.map { y[$0] > 0 ? dy[$0] - mean : 0 }
}

extension Tensor {
  var rows: [[Float]] {  // of the last axis
    let (elements, n) = (elements, shape[-1])
    return stride(from: 0, to: count, by: n).map { Array(elements[$0..<$0 + n]) }
  }
}

extension Variable {
  /// Sparsemax over the last axis.
  func sparsemax() -> Variable {
    let y = Tensor(shape, value.rows.flatMap { OwnAttention.sparsemax($0) })
    return tape.operation(y, of: [self], saving: y) { y, dy, inputs in
      inputs.add(Tensor(y.shape, zip(y.rows, dy.rows).flatMap(sparsemaxDerivative)), to: 0)
    }
  }
}

struct SparsemaxAttention: Attention {
  let q, k, v, proj: Linear
  let heads: Int

  init(dim: Int, heads: Int) {
    (q, k, v) = (Linear(dim, dim, bias: false), Linear(dim, dim, bias: false), Linear(dim, dim))
    (proj, self.heads) = (Linear(dim, dim), heads)
  }

  func callAsFunction(_ x: Variable) -> Variable {
    let mixed = weights(x).matmul(split(v(x)))  // [B, H, N, D]
    return proj(mixed.permuted(0, 2, 1, 3).reshaped(x.shape))
  }

  /// For what looks at attention: `Taps`, `convit locality`.
  func attentionWeights(_ x: Variable) -> Variable? { weights(x) }

  private func weights(_ x: Variable) -> Variable {  // [B, H, N, N]
    let scale = 1 / Float(x.shape[-1] / heads).squareRoot()
    return (scale * split(q(x)).matmul(split(k(x)), transposingOther: true)).sparsemax()
  }

  private func split(_ x: Variable) -> Variable {  // [B, N, H·D] → [B, H, N, D]
    x.reshaped([x.shape[0], x.shape[1], heads, x.shape[2] / heads]).permuted(0, 2, 1, 3)
  }
}

func noise(_ shape: Shape) -> Tensor {
  var random = Random(seed: 0)
  return Tensor(shape, (0..<shape.elementCount).map { _ in Float(random.normal()) })
}
let error = GradientCheck { $0[0].sparsemax() }.largestError(at: [noise([5, 7])])
precondition(error < 1e-2, "the derivative is wrong by \(error)")

// Which quarter of an image is bright?
var configuration = ViTConfiguration(.vit, imageSize: 16, patchSize: 4, embedDim: 32, heads: 4)
(configuration.depth, configuration.classes) = (2, 4)
var model = try VisionTransformer(configuration)
for layer in 0..<2 { model.blocks[layer].attn = SparsemaxAttention(dim: 32, heads: 4) }

let labels = (0..<32).map { $0 % 4 }
var pixels = noise([32, 3, 16, 16])
pixels.withUnsafeMutableBufferPointer { pixels in
  for i in pixels.indices {
    let (image, y, x) = (i / 768, i / 16 % 16, i % 16)
    if labels[image] == y / 8 * 2 + x / 8 { pixels[i] += 1 }
  }
}

var weights = ParameterStore(model, seed: 0)
var optimizer = AdamW(weights.tree, weightDecay: 0.05)
let pool = WorkerPool(threads: 2)
var losses: [Float] = []
for _ in 0..<40 {
  let tape = Tape(weights)
  let loss = model(tape.constant(pixels)).crossEntropy(labels: labels).mean()
  losses.append(loss.value.item)
  optimizer.step(&weights, by: tape.gradients(of: loss), rate: 3e-3, on: pool)
}
let tape = Tape(weights, Pass(isRecorded: false, taps: Taps("blocks.1.attn.map")))
_ = model(tape.constant(pixels))
let map = tape.tapped[0].value.elements
let zeros = 100 * map.filter { $0 == 0 }.count / map.count
precondition(losses[39] < 0.1 * losses[0], "training does not train: \(losses)")
print(
  "OwnAttention: derivative within \(error), loss \(losses[0]) → \(losses[39]),",
  "\(zeros) % of the weights are zero")
