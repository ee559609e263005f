import CKernels

/// An attention in tiles of some queries by some keys, so that for any number of tokens the scores
/// stay in a core's second cache, and memory grows with the tokens alone (Dao et al. 2022,
/// FlashAttention, arXiv:2205.14135):
///
///     P = softmax_j(scale · Q · Kᵀ + bias);  A = P ∘ dropout;  Y = A · V
///
/// The sums of the softmax grow tile by tile. Of each row two numbers are kept, from which the
/// derivative computes P again: its largest score, and 1 / Σ exp.
package struct AttentionTiles {
  let scores: AttentionScores  // without a position
  let v: HeadColumns  // [..., Nk, ≥ H·E]
  let dropout: AttentionDropout?
  let gradients: HeadGradients<3>

  /// With two tiles there is room for their queries, keys and values in 512 kB.
  static let (queries, keys) = (96, 256)

  /// Whether the scores of whole rows, which take less arithmetic, would not stay in the cache.
  package static func suit(queries: Int, keys: Int) -> Bool {
    queries * keys > 4 * Self.queries * Self.keys
  }

  /// What is kept for the derivative.
  struct Kept {
    var y: Tensor  // [..., Nq, H·E]
    var largest: Tensor  // [B, H, Nq]: the largest score
    var inverse: Tensor  // [B, H, Nq]: 1 / Σ exp(score − largest)
  }

  var width: Int { scores.heads * v.size }
  private var statistics: Shape { Shape(scores.batch, scores.heads, scores.nq) }

  /// Where a head of an image begins in the results, and in the numbers of its rows.
  func offset(_ image: Int, _ head: Int) -> Int {
    image * scores.nq * width + head * v.size
  }
  func row(_ image: Int, _ head: Int) -> Int { (image * scores.heads + head) * scores.nq }

  func queries(_ image: Int, _ head: Int, from first: Int) -> Matrix {
    scores.q.matrix(image: image, head: head, token: first)
  }

  func output(on tape: Tape) -> Kept {
    let shape = scores.q.tensor.shape.replacing(-1, with: width)
    var kept = Kept(
      y: Tensor(unsafeUninitialized: shape), largest: Tensor(unsafeUninitialized: statistics),
      inverse: Tensor(unsafeUninitialized: statistics))
    let (y, largest, inverse) = (
      kept.y.mutablePointer(), kept.largest.mutablePointer(), kept.inverse.mutablePointer()
    )
    scores.split(on: tape) { units, blocks in
      var scratch = Tensor(unsafeUninitialized: Shape(Self.queries, Self.keys))
      let s = scratch.mutablePointer()
      for unit in units {
        let rows = scores.rows(unit, blocks)
        let (image, head) = (rows.image, rows.head)
        let tiles = keyTiles(image, head)
        for queries in queryTiles(rows.first..<rows.first + rows.count) {
          let row = row(image, head) + queries.lowerBound
          attend(
            queries, tiles, image, head, s, largest + row, inverse + row,
            y + offset(image, head) + queries.lowerBound * width)
        }
      }
    }
    return kept
  }

  /// Some keys of a head of an image, and their values.
  private struct KeyTile {
    let keys: Range<Int>
    let kTransposed, v: PackedMatrix  // [D, keys], [keys, E]
  }

  private func keyTiles(_ image: Int, _ head: Int) -> [KeyTile] {
    Self.parts(0..<scores.nk, atMost: Self.keys).map { keys in
      let k = scores.k.matrix(image: image, head: head, token: keys.lowerBound)
      let v = v.matrix(image: image, head: head, token: keys.lowerBound)
      return KeyTile(
        keys: keys,
        kTransposed: PackedMatrix(k.transposed, scores.k.size, keys.count, scores.precision),
        v: PackedMatrix(v, keys.count, self.v.size, scores.precision))
    }
  }

  /// What some queries see, Y [queries, E], and the numbers of their rows.
  private func attend(
    _ queries: Range<Int>, _ tiles: [KeyTile], _ image: Int, _ head: Int,
    _ s: UnsafeMutablePointer<Float>, _ largest: UnsafeMutablePointer<Float>,
    _ sum: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) {
    let q = self.queries(image, head, from: queries.lowerBound)
    if !DryRun.isOn {
      ck_fill(largest, -.infinity, queries.count)
      ck_fill(sum, 0, queries.count)
    }
    for (index, tile) in tiles.enumerated() {
      let count = tile.keys.count
      tile.kTransposed.multiply(queries.count, q, into: s, count, work: .attention)
      WorkMeter.measureKernel(.softmax) {
        ck_softmax_block(
          s, largest, sum, y, width, index == 0 ? 0 : v.size, scores.scale,
          scores.bias(head, queries.lowerBound, tile.keys.lowerBound), scores.nk, queries.count,
          count)
      }
      if !DryRun.isOn, let kept = dropout?.factors(image: image, head: head, queries, tile.keys) {
        ck_mul(s, s, kept.pointer, kept.count)
      }
      tile.v.multiply(
        queries.count, Matrix(s, count), beta: index == 0 ? 0 : 1, into: y, width,
        work: .attention)
    }
    WorkMeter.measureKernel(.softmax) {
      ck_softmax_end(largest, sum, y, width, v.size, queries.count)
    }
  }

  /// Tiles of queries; a dry run counts products that differ in their queries as one, as there may
  /// be millions.
  func queryTiles(_ range: Range<Int>) -> [Range<Int>] {
    DryRun.isOn ? [range] : Self.parts(range, atMost: Self.queries)
  }

  /// A range in as many equal parts as it takes for none to be longer than `longest`.
  static func parts(_ range: Range<Int>, atMost longest: Int) -> [Range<Int>] {
    let parts = (range.count + longest - 1) / longest
    let bounds = (0...parts).map { range.lowerBound + $0 * range.count / max(parts, 1) }
    return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
  }
}
