import ArgumentParser
import Autodiff
import ConViT
import Images
import Locality
import Recipes

/// Which attention is looked at: of which query, in which layers and heads.
struct AttentionChoice: ParsableArguments {
  @Option(
    .value(
      "[frame,]row,column",
      "The patch that asks, or class for the class token. (default: in the centre)"))
  var query: GivenQuery?
  @Option(list: .int("Layers to show. (default: all)")) var layer: [Int] = []
  @Option(list: .int("Heads to show. (default: all)")) var head: [Int] = []
  @Flag(help: "Show the positional attention of GPSA layers alone; no image is needed.")
  var position = false
  @Flag(help: "Show attention rollout from the first layer to each one, too.")
  var rollout = false

  func validate() throws {
    guard !position || !rollout else {
      throw ValidationError("--position and --rollout do not go together")
    }
    guard !position || query != .classToken else {
      throw ValidationError("--position is between patches: --query class has none")
    }
  }

  /// Throws if a model of images has not what is to be shown; says what there is.
  func check(image c: ViTConfiguration) throws {
    if case .patch(.some, _, _) = query {
      throw ValidationError("a frame is for models of clips: --query is row,column")
    }
    try check(c)
    guard c.heads * (c.grid.count + c.tokens) * (c.grid.count + c.tokens) <= 1 << 28
    else {
      throw ValidationError(
        "the maps of a layer, \(c.heads) heads of \(c.grid.count) patches squared, are too large")
    }
  }

  /// The same, but for the size of maps, of what a model of clips has in common with one of images.
  func check(_ c: ViTConfiguration) throws {
    try Self.require(layer, below: c.depth, "layer")
    try Self.require(head, below: c.heads, "head")
    if case .patch(_, let row, let column) = query,
      !(0..<c.grid.rows).contains(row) || !(0..<c.grid.columns).contains(column)
    {
      throw ValidationError(
        "there is no patch \(row),\(column); there are rows 0 to \(c.grid.rows - 1) and columns "
          + "0 to \(c.grid.columns - 1)")
    }
    let able = able(c)
    let what = position ? "positional attention" : "class token"
    guard !able.isEmpty else { throw ValidationError("the model has no \(what)") }
    if let missing = layer.first(where: { !able.contains($0) }) {
      let range =
        able.count == 1 ? "layer \(able[0]) has" : "layers \(able[0]) to \(able.last!) have"
      throw ValidationError("layer \(missing) has no \(what); \(range)")
    }
  }

  private static func require(_ chosen: [Int], below count: Int, _ what: String) throws {
    if let wrong = chosen.first(where: { !(0..<count).contains($0) }) {
      throw ValidationError("there is no \(what) \(wrong); there are 0 to \(count - 1)")
    }
    guard Set(chosen).count == chosen.count else {
      throw ValidationError("a \(what) is there twice")
    }
  }

  /// The layers that have what is to be shown, which lie beside each other.
  private func able(_ c: ViTConfiguration) -> [Int] {
    if position { return Array(0..<c.localUpToLayer) }
    return (0..<c.depth).filter {
      query != .classToken || (c.hasClassToken && c.tokens(inLayer: $0) > 0)
    }
  }

  func layers(of c: ViTConfiguration) -> Set<Int> { Set(layer.isEmpty ? able(c) : layer) }

  func heads(of c: ViTConfiguration) -> [Int] {
    head.isEmpty ? Array(0..<c.heads) : head.sorted()
  }

  /// The attention of a model that has been checked, to an image, [1, channels, height, width], or
  /// of the positions alone.
  func attention(_ saved: SavedModel, to image: Tensor?) throws -> QueryAttention {
    let model = try saved.transformer
    let configuration = model.configuration
    let grid = configuration.grid
    let query: AttentionQuery =
      switch query {
      case .classToken: .classToken
      case .patch(_, let row, let column): .patch(row: row, column: column)
      case nil: .patch(row: grid.rows / 2, column: grid.columns / 2)
      }
    let layers = layers(of: configuration)
    guard let image, !position else {
      return QueryAttention(
        positionOf: model, FrozenWeights(saved.weights), query: query, layers: layers)
    }
    return QueryAttention(
      model, FrozenWeights(saved.weights), image: image, query: query, layers: layers,
      withRollout: rollout)
  }
}
