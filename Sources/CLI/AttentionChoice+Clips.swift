import ArgumentParser
import Autodiff
import ConViT
import Locality

extension TimeSformerConfiguration {
  /// Throws if the attention maps of a clip take more than 2³⁰ bytes a layer: whoever looks at them
  /// holds those of a layer.
  func checkMaps() throws {
    for step in steps {
      let length = step.length + image.tokens
      guard step.groups * image.heads * length * length <= 1 << 28 else {
        throw ValidationError(
          "the maps of a layer, \(step.groups) times \(image.heads) heads of \(length) tokens "
            + "squared, are too large: choose fewer frames or a smaller input-size")
      }
    }
  }
}

/// A query from a flag: `6,9`, of a clip also `2,6,9`, or `class`.
enum GivenQuery: Hashable, ExpressibleByArgument {
  case patch(frame: Int?, row: Int, column: Int)
  case classToken

  init?(argument: String) {
    if argument == "class" {
      self = .classToken
      return
    }
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let numbers = parts.compactMap(\.self)
    guard numbers.count == parts.count, (2...3).contains(numbers.count) else { return nil }
    self = .patch(
      frame: numbers.count == 3 ? numbers[0] : nil, row: numbers[numbers.count - 2],
      column: numbers[numbers.count - 1])
  }
}

extension AttentionChoice {
  /// Throws if a model of clips has not what is to be shown; says what there is.
  func check(_ c: TimeSformerConfiguration) throws {
    guard !position, !rollout else {
      throw ValidationError("--position and --rollout are for models of images")
    }
    try check(c.image)
    if case .patch(let frame?, _, _) = query, !(0..<c.frames).contains(frame) {
      throw ValidationError("there is no frame \(frame); there are 0 to \(c.frames - 1)")
    }
    try c.checkMaps()
  }

  /// The attention of a model of clips that has been checked, to one, [1, T, channels, height,
  /// width], over its frames beside each other.
  func attention(_ model: TimeSformer, _ weights: ParameterStore, to clip: Tensor) -> QueryAttention
  {
    let c = model.configuration
    let grid = c.image.grid
    let query: ClipQuery =
      switch query {
      case .classToken: .classToken
      case .patch(let frame, let row, let column):
        .patch(frame: frame ?? c.frames / 2, row: row, column: column)
      case nil: .patch(frame: c.frames / 2, row: grid.rows / 2, column: grid.columns / 2)
      }
    return ClipAttention(
      model, FrozenWeights(weights), clip: clip, query: query, layers: layers(of: c.image)
    ).strip
  }
}
