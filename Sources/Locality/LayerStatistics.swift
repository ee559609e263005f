import Autodiff
import CKernels
import ConViT
import DoubleNumerics

/// What is summed up over images about the heads of one layer.
struct LayerStatistics: MapSums, Codable {
  private(set) var heads: [HeadStatistics]
  /// Σ_images of the cosine between the maps of two heads, [H · H].
  private(set) var similarity: [Double]
  private(set) var images = 0
  private let patches: Int

  init(heads: Int, patches: Int) {
    self.patches = patches
    self.heads = Array(repeating: HeadStatistics(patches: patches), count: heads)
    similarity = Array(repeating: 0, count: heads * heads)
  }

  /// Adds the maps of some images, [B, H, T + N, T + N], the T other tokens first.
  ///
  /// Their rows and columns are left out, and the rows that remain scaled to sum to 1.
  mutating func add(_ maps: Tensor, distances: [Float]) {
    let (count, length) = (heads.count, maps.shape[-1])
    checkPrecondition(
      maps.shape.rank == 4 && maps.shape[1] == count,
      "LayerStatistics: maps \(maps.shape) of \(count) heads, as Attention.heads says")
    let tokens = length - patches
    var packed = [Float](repeating: 0, count: tokens == 0 ? 0 : count * patches * patches)
    maps.withUnsafeBufferPointer { maps in
      for image in 0..<maps.count / (count * length * length) {
        let start = maps.baseAddress! + image * count * length * length
        if tokens == 0 {
          add(start, distances, tokenShares: nil)
        } else {
          let shares = pack(start, tokens: tokens, into: &packed)
          packed.withUnsafeBufferPointer { add($0.baseAddress!, distances, tokenShares: shares) }
        }
      }
    }
  }

  /// The patches' rows and columns of each head, rows scaled to sum to 1; returns what was taken
  /// away, averaged over the queries of a head.
  private func pack(
    _ maps: UnsafePointer<Float>, tokens: Int, into out: inout [Float]
  ) -> [Double] {
    let length = tokens + patches
    return out.withUnsafeMutableBufferPointer { out in
      heads.indices.map { head in
        var taken = 0.0
        for query in 0..<patches {
          let row = maps + (head * length + tokens + query) * length + tokens
          let rest = ck_sum(row, patches)
          taken += 1 - Double(rest)
          ck_scale(out.baseAddress! + (head * patches + query) * patches, 1 / rest, row, patches)
        }
        return taken / Double(patches)
      }
    }
  }

  /// Adds the maps of one image, [H, N, N].
  private mutating func add(
    _ maps: UnsafePointer<Float>, _ distances: [Float], tokenShares: [Double]?
  ) {
    let size = distances.count
    let patches = Double(patches)
    for head in heads.indices {
      let map = maps + head * size
      let nonlocality = distances.withUnsafeBufferPointer { ck_dot(map, $0.baseAddress!, size) }
      heads[head].nonlocality.add(Double(nonlocality) / patches)
      heads[head].entropy.add(ck_entropy(map, size) / patches)
      heads[head].tokenShare.add(tokenShares?[head] ?? 0)
      heads[head].map.withUnsafeMutableBufferPointer { ck_axpy($0.baseAddress!, 1, map, size) }
    }
    addSimilarity(maps, size)
    images += 1
  }

  private mutating func addSimilarity(_ maps: UnsafePointer<Float>, _ size: Int) {
    let count = heads.count
    let norms = (0..<count).map { ck_sum_squares(maps + $0 * size, size).squareRoot() }
    for a in 0..<count {
      similarity[a * count + a] += 1
      for b in 0..<a {
        let product = Double(ck_dot(maps + a * size, maps + b * size, size))
        similarity[a * count + b] += product / (norms[a] * norms[b])
        similarity[b * count + a] += product / (norms[a] * norms[b])
      }
    }
  }

  mutating func add(_ other: LayerStatistics) {
    for index in heads.indices { heads[index].add(other.heads[index]) }
    for index in similarity.indices { similarity[index] += other.similarity[index] }
    images += other.images
  }

  /// The same but for the maps, which are empty.
  var withoutMaps: LayerStatistics {
    var rest = self
    rest.set(maps: heads.map { _ in [] })
    return rest
  }

  mutating func set(maps: [[Float]]) {
    for (head, map) in maps.enumerated() { heads[head].map = map }
  }
}

/// What is summed up over images about one attention head, patches only.
struct HeadStatistics: Sendable, Codable {
  /// Σ_images A, [N · N]: whatever is linear in the attention follows from it.
  var map: [Float]
  /// An image's non-locality, in patches.
  var nonlocality = RunningMoments()
  /// The entropy of a query's attention, averaged over an image's queries, in nats.
  var entropy = RunningMoments()
  /// What queries give to the class and distillation tokens, 0 where there are none.
  var tokenShare = RunningMoments()

  init(patches: Int) { map = Array(repeating: 0, count: patches * patches) }

  mutating func add(_ other: HeadStatistics) {
    for index in other.map.indices { map[index] += other.map[index] }
    nonlocality.add(other.nonlocality)
    entropy.add(other.entropy)
    tokenShare.add(other.tokenShare)
  }
}
