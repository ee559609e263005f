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
      "row,column",
      "The patch that asks, or class for the class token. (default: in the centre)"))
  var query: AttentionQuery?
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

  /// Throws if a model has not what is to be shown; says what there is.
  func check(_ c: ViTConfiguration) throws {
    try Self.require(layer, below: c.depth, "layer")
    try Self.require(head, below: c.heads, "head")
    if case .patch(let row, let column) = query,
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
    guard c.heads * (c.grid.count + c.tokens) * (c.grid.count + c.tokens) <= 1 << 28
    else {
      throw ValidationError(
        "the maps of a layer, \(c.heads) heads of \(c.grid.count) patches squared, are too large")
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

  func heads(of c: ViTConfiguration) -> [Int] {
    head.isEmpty ? Array(0..<c.heads) : head.sorted()
  }

  /// The attention of a model that has been checked, to an image, [1, channels, height, width], or
  /// of the positions alone.
  func attention(_ saved: SavedModel, to image: Tensor?) throws -> QueryAttention {
    let model = try saved.transformer
    let configuration = model.configuration
    let grid = configuration.grid
    let query = query ?? .patch(row: grid.rows / 2, column: grid.columns / 2)
    let layers = Set(layer.isEmpty ? able(configuration) : layer)
    guard let image, !position else {
      return QueryAttention(
        positionOf: model, FrozenWeights(saved.weights), query: query, layers: layers)
    }
    return QueryAttention(
      model, FrozenWeights(saved.weights), image: image, query: query, layers: layers,
      withRollout: rollout)
  }
}

extension AttentionQuery: ExpressibleByArgument {
  /// A query from a flag: `6,9` or `class`.
  package init?(argument: String) {
    if argument == "class" {
      self = .classToken
      return
    }
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let row = parts[0], let column = parts[1] else { return nil }
    self = .patch(row: row, column: column)
  }
}
