import ArgumentParser
import ConViT

/// What a model is kept from using when it is looked at.
struct MaskOptions: ParsableArguments {
  @Option(help: .int("GPSA layers, from the first, that attend by position alone."))
  var maskContent = 0
  @Option(help: .int("GPSA layers, from the first, that attend by content alone."))
  var maskPosition = 0
  @Flag(help: "Leave the position embedding out.") var maskPosEmbed = false

  func validate() throws {
    for (name, count) in [("mask-content", maskContent), ("mask-position", maskPosition)]
    where count < 0 {
      throw ValidationError("\(name) must not be negative, found \(count)")
    }
  }

  /// The model without the use of what is masked.
  func applied(to saved: SavedModel) throws -> SavedModel {
    var saved = saved
    let mask = TestMask(
      contentLayers: maskContent, positionLayers: maskPosition, posEmbed: maskPosEmbed)
    guard mask != TestMask() else { return saved }
    let model = try saved.transformer
    saved.weights = try usage { try model.masked(saved.weights, by: mask) }
    return saved
  }
}
