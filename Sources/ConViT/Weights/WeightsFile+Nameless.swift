import Autodiff
import Files

extension WeightsFile {
  /// The model of no preset that the shapes describe; nil if they fit a preset, or several models.
  func modelWithoutName(heads: Int? = nil) -> ViTConfiguration? {
    guard ModelShape(self).presets.isEmpty, NamingScheme.of(foreignNames) == nil else { return nil }
    return shapedConfiguration(heads: heads)
  }

  /// Why it cannot be told which model the file is of, that does not say it, and what to do.
  var namelessReason: String {
    let shape = ModelShape(self)
    if let splitNote { return splitNote }
    if let scheme = NamingScheme.of(foreignNames) {
      return shape.depth > 0
        ? "it has parts of \(scheme.description), which no model of convit has"
        : "its names are those of \(scheme.description), not timm's (blocks.0.attn.qkv.weight), "
          + "the only ones that are read"
    }
    guard shape.depth > 0 else {
      return "found no weights of a ViT, DeiT or ConViT in it, whose names are as "
        + "blocks.0.attn.qkv.weight"
    }
    let isSilent = "the file does not say which model it is"
    guard shape.presets.isEmpty else {
      let known = shape.presets.compactMap(ViTConfiguration.preset).map(\.patchSize)
      let side = shape.patch?.first.flatMap { known.contains($0) ? nil : $0 }
      let flag = side.map { " with --patch-size \($0)" } ?? ""
      let names =
        shape.presets.count > 3
        ? shortened(shape.presets, to: 3) : shape.presets.joined(separator: " or ")
      return shape.classes == nil
        ? "its shapes are those of \(names)\(flag), but it has no head (head.weight); "
          + "convit train --finetune gives it one"
        : "\(isSilent); name it with --model: its shapes are those of \(names)\(flag)"
    }
    return "\(isSilent), and its shapes do not tell \(shape.openQuestion): it has "
      + "\(shape.knownText), as no preset has; "
      + (shape.trainFlags.map { "convit train --finetune takes it with \($0)" }
        ?? "no flags describe it, so it needs the metadata that convit train writes")
  }

  /// What to say of a file of no known model before its weights are compared with a model for which
  /// nobody asked; nil if they could be that model's, or the file's model is known.
  package func namelessReason(unlike model: ViTConfiguration?) -> String? {
    guard metadata["configuration"] == nil, shapedConfiguration() == nil else { return nil }
    guard let model, let tree = try? ParameterTree(VisionTransformer(model)) else {
      return namelessReason
    }
    var expected = ModelShape { name in
      tree.slot(named: name).map { tree.parameters[$0].shape.sizes }
    }
    expected.classes = nil
    let isOther = !ModelShape(self).differences(from: expected).isEmpty
    return isOther || splitNote != nil ? namelessReason : nil
  }
}

extension ModelShape {
  fileprivate var openQuestion: String {
    heads == nil ? "how many heads it has" : "how its images and patches are cut"
  }

  /// "width 128, 6 blocks (3 GPSA), patches of 8 × 8 pixels".
  fileprivate var knownText: String {
    let blocks = "\(depth) \(depth == 1 ? "block" : "blocks")"
    let gpsa = localBlocks > 0 ? " (\(localBlocks) GPSA)" : ""
    let size = patch.map { ", patches of \(Self.size($0)) pixels" } ?? ""
    return "\(width.map { "width \($0), " } ?? "")\(blocks)\(gpsa)\(size)"
  }

  /// The flags of `convit train` that describe the model, H for an unknown number; nil if none do.
  fileprivate var trainFlags: String? {
    guard let width, let patch, patch.count == 2, patch[0] == patch[1],
      [1, 3].contains(channels), hasToken,
      positions != nil, hidden == 4 * width, registers == 0, !hasLayerScale, !normFollowsPooling,
      localBlocks == 0 ? hasBias : !isDistilled && !hasBias
    else { return nil }
    let deit = isDistilled ? "deit_tiny_distilled_patch16_224" : "deit_tiny_patch16_224"
    let count = heads.map { "\($0)" } ?? "H"
    let features = heads.map { "\(width / max(1, $0))" } ?? "D (H × D = \(width))"
    return "--model \(localBlocks > 0 ? "convit_tiny" : deit) --depth \(depth)"
      + (localBlocks > 0 ? " --local-up-to-layer \(localBlocks)" : "")
      + (localBlocks > 0 && !isGated ? " --gate absent" : "")
      + (isDistilled ? " --distillation-type hard --teacher-path FILE" : "")
      + (channels == 1 ? " --channels 1" : "")
      + " --patch-size \(patch[0]) --heads \(count) --head-dim \(features)"
      + (heads == nil ? "" : " --input-size HxW")
  }
}
