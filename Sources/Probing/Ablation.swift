import Autodiff
import ConViT

extension Intervention {
  /// A model without each of its heads and each of its MLPs in turn (Michel et al. 2019,
  /// arXiv:1905.10650), layer by layer, heads first: `blocks.3.attn.head.2`, `blocks.3.mlp`.
  ///
  /// What the part adds is replaced by zeros, or by its mean over images and tokens. Attentions of
  /// one's own show no heads: a model with one stops the program.
  public static func ablations(
    of model: VisionTransformer, means: PartMeans? = nil
  ) -> [Intervention] {
    model.blocks.enumerated().flatMap { layer, block in
      let (heads, mlp) = ("blocks.\(layer).attn.heads", "blocks.\(layer).mlp.added")
      let seen = means.map { $0[heads] }
      return (0..<block.attn.heads).map { head in
        Intervention(
          "blocks.\(layer).attn.head.\(head)",
          model.ablating(heads: [head], inLayer: layer, with: seen))
      } + [Intervention("blocks.\(layer).mlp", replacing(mlp, by: means.map { $0[mlp] }))]
    }
  }

  /// Zeros, or a `value` [C], in the place of all rows of a value.
  private static func replacing(_ place: String, by value: Tensor?) -> Edits {
    Edits(at: place) { own in
      let value = value ?? Tensor(repeating: 0, [own.shape[-1]])
      return own.tape.constant(value).broadcast(to: own.shape)
    }
  }
}

/// The means over images and tokens of what heads see and MLPs add.
public struct PartMeans: Sendable {
  private let model: VisionTransformer
  private let places: [String]
  private var sums: [[Double]]  // by place
  private var rows: [Int]

  /// Of no image yet.
  public init(of model: VisionTransformer) {
    self.model = model
    places = model.blocks.indices.flatMap { ["blocks.\($0).attn.heads", "blocks.\($0).mlp.added"] }
    sums = places.map { _ in [] }
    rows = places.map { _ in 0 }
  }

  /// Adds images [B, channels, height, width].
  public mutating func add(_ images: Tensor, _ weights: FrozenWeights, on pool: WorkerPool) {
    let values = model.values(at: places, of: images, weights, on: pool) { $0.value }.values
    for (place, parts) in values.enumerated() {
      for value in parts { add(value, at: place) }
    }
  }

  private mutating func add(_ value: Tensor, at place: Int) {
    let width = value.shape[-1]
    if sums[place].isEmpty { sums[place] = Array(repeating: 0, count: width) }
    for (index, x) in value.elements.enumerated() { sums[place][index % width] += Double(x) }
    rows[place] += value.count / width
  }

  fileprivate subscript(place: String) -> Tensor {
    let index = places.firstIndex(of: place)!
    checkPrecondition(rows[index] > 0, "PartMeans: no image was added")
    return Tensor([sums[index].count], sums[index].map { Float($0 / Double(rows[index])) })
  }
}
