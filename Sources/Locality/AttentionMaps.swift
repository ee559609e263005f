import Autodiff
import ConViT

/// The attention of every layer and head to one image.
public struct AttentionMaps: Sendable {
  /// The patches.
  public let grid: PatchGrid
  /// By layer, [H, T + N, T + N]: T class and distillation tokens first, 0 in front of ConViT's
  /// GPSA layers.
  public let layers: [Tensor]
}

extension AttentionMaps {
  /// The maps of an image [1, channels, height, width] in the forward pass of a model.
  public init(_ model: VisionTransformer, _ frozen: FrozenWeights, image: Tensor) {
    checkPrecondition(
      image.shape.rank == 4 && image.shape[0] == 1, "AttentionMaps: \(image.shape) is not one image"
    )
    var (layers, seen) = ([Tensor](), Set<String>())
    let tape = Tape(frozen)
    tape.showing(Taps("blocks.*.attn.map")) {
      layers.append($0.value.removingFirstAxis)
      seen.insert($0.place)
    } _: {
      _ = model(tape.constant(image))
    }
    let missing = model.blocks.indices.filter { !seen.contains(Self.place(layer: $0)) }
    checkPrecondition(
      missing.isEmpty,
      "AttentionMaps: the attention of layers \(missing) gives no map to look at: its "
        + "attentionWeights(_:) is nil")
    self.init(grid: model.configuration.grid, layers: layers)
  }

  /// Where a pass shows the map of a layer.
  static func place(layer: Int) -> String { "blocks.\(layer).attn.map" }

  /// Class and distillation tokens in front of a layer's patches.
  public func tokens(layer: Int) -> Int {
    checkPrecondition(
      layers.indices.contains(layer),
      "AttentionMaps: no layer \(layer), there are \(layers.count), counted from 0")
    return layers[layer].shape[1] - grid.count
  }

  /// What a query gives to each patch, [N]; a class token may be asked as query −1.
  public func row(layer: Int, head: Int, query: Int) -> [Float] {
    checkQuery(query, layer: layer)
    let (map, tokens) = (layers[layer], tokens(layer: layer))
    let (heads, length) = (map.shape[0], map.shape[1])
    checkPrecondition(
      (0..<heads).contains(head),
      "AttentionMaps: no head \(head) in layer \(layer), there are \(heads), counted from 0")
    let start = (head * length + (query < 0 ? 0 : tokens + query)) * length + tokens
    return map.withUnsafeBufferPointer { Array($0[start..<start + grid.count]) }
  }

  private func checkQuery(_ query: Int, layer: Int) {
    let first = tokens(layer: layer) > 0 ? -1 : 0
    checkPrecondition(
      query < grid.count && query >= first,
      "AttentionMaps: no query \(query) in layer \(layer), there are \(first) to "
        + "\(grid.count - 1)")
  }

  /// Attention rollout (Abnar and Zuidema 2020): how much of each patch reaches a query's output if
  /// layers mix tokens by ½ (mean over heads + identity), from the first layer to `last`: [N].
  ///
  /// Tokens that join later carry nothing of the image until they do.
  public func rollout(query: Int, through last: Int? = nil) -> [Float] {
    let last = last ?? layers.count - 1
    checkQuery(query, layer: last)
    // One row of the product, from the last layer down: row ← row · ½ (A + I).
    var tokens = tokens(layer: last)
    var row = [Float](repeating: 0, count: tokens + grid.count)
    row[query < 0 ? 0 : tokens + query] = 1
    for layer in (0...last).reversed() {
      let joined = tokens - self.tokens(layer: layer)
      if joined > 0 { row.removeFirst(joined) }
      tokens -= joined
      row = mixed(row, layers[layer])
    }
    let patches = row.suffix(grid.count)
    let sum = patches.reduce(0, +)
    return patches.map { sum > 0 ? $0 / sum : 0 }
  }

  /// row · ½ (mean over heads of A + I)
  private func mixed(_ row: [Float], _ map: Tensor) -> [Float] {
    let (heads, length) = (map.shape[0], map.shape[1])
    var result = row.map { $0 / 2 }
    map.withUnsafeBufferPointer { map in
      for head in 0..<heads {
        for (query, weight) in row.enumerated() where weight != 0 {
          let start = (head * length + query) * length
          for key in 0..<length {
            result[key] += weight * map[start + key] / Float(2 * heads)
          }
        }
      }
    }
    return result
  }
}

extension Tensor {
  /// [1, …] → […]
  var removingFirstAxis: Tensor { reshaped(shape.removing(0)) }
}
