// GPSA inside a convolutional net that labels every pixel: the larger of two discs is the object,
// so that a pixel is told by a look at the whole image. The same net without the attention, which
// sees nine pixels at a time, does much worse.
import Autodiff
import ConViT

/// Pixels [B, 1, 32, 32] → logits of background and object [B, 32 · 32, 2].
struct SegmentationNet: Module {
  let stem = Conv2d(1, 16, size: 3, padding: 1)
  let down1 = Conv2d(16, 32, size: 3, stride: 2, padding: 1)
  let down2 = Conv2d(32, 32, size: 3, stride: 2, padding: 1)
  let norm = LayerNorm(32)
  let gpsa: GPSA?
  let up = Linear(32, 16 * 16)
  let head = Linear(32, 2, kind: .head)

  init(withAttention: Bool) {
    gpsa = withAttention ? GPSA(dim: 32, heads: 4, grid: PatchGrid(rows: 8, columns: 8)) : nil
  }

  func callAsFunction(_ images: Variable) -> Variable {
    let b = images.shape[0]
    let fine = stem(images).relu()  // [B, 16, 32, 32]
    let coarse = down2(down1(fine).relu()).relu()  // [B, 32, 8, 8]
    var tokens = coarse.reshaped([b, 32, 64]).permuted(0, 2, 1)  // [B, 64, 32]
    if let gpsa { tokens = tokens + gpsa(norm(tokens)) }
    // Each token becomes the 4 × 4 pixels that it stands for, with 16 channels.
    let raised = up(tokens).reshaped([b, 8, 8, 4, 4, 16]).permuted(0, 1, 3, 2, 4, 5)
    let pixels = fine.reshaped([b, 16, 1024]).permuted(0, 2, 1)
    return head(pixels.concatenated(raised.reshaped([b, 1024, 16]), -1).gelu())
  }
}

/// Noise with two discs of different sizes, and which pixels are of the larger.
func makeImages(_ count: Int, seed: UInt64) -> (pixels: Tensor, labels: [Int]) {
  var random = Random(seed: seed)
  var (pixels, labels): ([Float], [Int]) = ([], [])
  for _ in 0..<count {
    let isLeft = random.uniform(0, 1) < 0.5
    let radii = isLeft ? (7.0, 5.5) : (5.5, 7.0)
    let (y1, y2) = (random.uniform(7, 25), random.uniform(7, 25))
    for pixel in 0..<1024 {
      let (y, x) = (Double(pixel / 32), Double(pixel % 32))
      func isIn(_ cx: Double, _ cy: Double, _ r: Double) -> Bool {
        (x - cx) * (x - cx) + (y - cy) * (y - cy) < r * r
      }
      let (left, right) = (isIn(8, y1, radii.0), isIn(24, y2, radii.1))
      pixels.append(Float(0.3 * random.normal() + (left || right ? 1 : 0)))
      labels.append((isLeft ? left : right) ? 1 : 0)
    }
  }
  return (Tensor([count, 1, 32, 32], pixels), labels)
}

let pool = WorkerPool(threads: 2)
let (images, labels) = makeImages(256, seed: 0)
let test = makeImages(64, seed: 1)

/// Trains for ten epochs; what is common to truth and prediction, of what is in either of them.
func intersectionOverUnion(withAttention: Bool) throws -> Double {
  let net = SegmentationNet(withAttention: withAttention)
  var weights = ParameterStore(net, seed: 0)
  var optimizer = AdamW(weights.tree, weightDecay: 0.01)
  for step in 0..<160 {
    let first = step * 16 % 256
    let (gradients, _) = try Shards(size: 4, lanes: 2)
      .gradients(of: 16, at: weights, on: pool) { samples, tape in
        let range = first + samples.lowerBound..<first + samples.upperBound
        let logits = net(tape.constant(images.sliced(0, range)))
        let truth = labels[range.lowerBound * 1024..<range.upperBound * 1024]
        let losses = logits.reshaped([range.count * 1024, 2]).crossEntropy(labels: truth)
        return (losses.reshaped([range.count, 1024]).mean(1), ())
      }
    optimizer.step(&weights, by: gradients, rate: 3e-3, on: pool)
  }
  let found = net(Tape(weights, .inference).constant(test.pixels)).value.argmax()
  let both = zip(found, test.labels).filter { $0 == 1 && $1 == 1 }.count
  let either = zip(found, test.labels).filter { $0 == 1 || $1 == 1 }.count
  return Double(both) / Double(either)
}

let (with, without) = try (
  intersectionOverUnion(withAttention: true), intersectionOverUnion(withAttention: false)
)
precondition(with > without + 0.1, "IoU \(with) with attention, \(without) without")
print("Segmentation: IoU \(with) with GPSA, \(without) without")
