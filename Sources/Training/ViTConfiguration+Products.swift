import Autodiff
import ConViT

extension ViTConfiguration {
  /// The matrix products of one shard of `images` images and how often each is made: the forward
  /// pass, and for training the two derivatives of each.
  func matrixProducts(images: Int, isTraining: Bool) -> [MatrixProduct: Int] {
    var counts: [MatrixProduct: Int] = [:]
    func add(_ rows: Int, _ outputs: Int, _ inputs: Int) {  // y = x · Wᵀ
      counts[MatrixProduct(rows, outputs, inputs, second: true), default: 0] += 1
      guard isTraining else { return }
      counts[MatrixProduct(rows, inputs, outputs), default: 0] += 1  // dx = dy · W
      counts[MatrixProduct(outputs, inputs, rows, first: true), default: 0] += 1  // dW = dyᵀ · x
    }
    let (width, hidden) = (embedDim / heads, Int(Float(embedDim) * mlpRatio))
    add(images * grid.count, embedDim, channels * patchSize * patchSize)
    for layer in 0..<depth {
      let n = grid.count + (family == .vit || layer >= localUpToLayer ? tokens : 0)
      if layer < localUpToLayer {
        add(images * n, 2 * embedDim, embedDim)
        add(images * n, embedDim, embedDim)
      } else {
        add(images * n, 3 * embedDim, embedDim)
      }
      add(images * n, embedDim, embedDim)
      add(images * n, hidden, embedDim)
      add(images * n, embedDim, hidden)
      // Scores and values; for training the scores anew, and four derivatives.
      counts[MatrixProduct(n, n, width, second: true), default: 0] +=
        images * heads * (isTraining ? 3 : 1)
      counts[MatrixProduct(n, width, n), default: 0] += images * heads * (isTraining ? 2 : 1)
      if isTraining {
        counts[MatrixProduct(n, width, n, first: true), default: 0] += 2 * images * heads
      }
    }
    return counts
  }
}
