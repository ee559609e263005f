/// What names and shapes of weights tell of their model: for files that do not say, and for errors.
struct ModelShape: Hashable {
  var width: Int?  // the features of a token
  var depth = 0  // blocks, counted from the first
  var localBlocks = 0  // the first blocks that have the parts of GPSA
  var heads: Int?  // of the first block, if that has GPSA; nothing tells it in other models
  let (isGated, hasBias, hasToken, isDistilled): (Bool, Bool, Bool, Bool)
  let (hidden, channels): (Int?, Int?)
  let patch: [Int]?
  var classes: Int?
  let registers: Int  // tokens that no head reads
  let (hasLayerScale, normFollowsPooling): (Bool, Bool)
  var positions: Int?  // places of the position embedding

  /// What a function tells that returns the shape of the tensor of a name.
  init(_ shape: (String) -> [Int]?) {
    func size(_ name: String, _ axis: Int, of rank: Int) -> Int? {
      shape(name).flatMap { $0.count == rank ? $0[axis] : nil }
    }
    while depth < 1000, shape("blocks.\(depth).norm1.weight") != nil { depth += 1 }
    while localBlocks < depth, shape("blocks.\(localBlocks).attn.qk.weight") != nil {
      localBlocks += 1
    }
    width =
      size("blocks.0.norm1.weight", 0, of: 1) ?? size("norm.weight", 0, of: 1)
      ?? size("patch_embed.proj.weight", 0, of: 4)
    heads = size("blocks.0.attn.pos_proj.weight", 0, of: 2)
    isGated = shape("blocks.0.attn.gating_param") != nil
    hasBias = ["qkv", "qk"].contains { shape("blocks.0.attn.\($0).bias") != nil }
    hidden = size("blocks.0.mlp.fc1.weight", 0, of: 2)
    patch = shape("patch_embed.proj.weight").flatMap { $0.count == 4 ? Array($0[2...]) : nil }
    channels = size("patch_embed.proj.weight", 1, of: 4)
    classes = size("head.weight", 0, of: 2)
    hasToken = shape("cls_token") != nil
    isDistilled = shape("dist_token") != nil
    registers = size("reg_token", 1, of: 3) ?? 0
    hasLayerScale = shape("blocks.0.ls1.gamma") != nil
    normFollowsPooling = shape("fc_norm.weight") != nil
    positions = size("pos_embed", 1, of: 3)
  }

  init(_ file: WeightsFile) { self.init { file.info($0)?.shape } }

  /// What is as in no model of `other`'s kind, in words: "width 384, not 192".
  func differences(from other: ModelShape) -> [String] {
    guard let width, let expected = other.width, depth > 0 else { return [] }
    var found: [String] = []
    func compare(_ ours: Int?, _ theirs: Int?, _ words: (Int) -> String) {
      if let ours, let theirs, ours != theirs { found.append("\(words(ours)), not \(theirs)") }
    }
    compare(width, expected) { "width \($0)" }
    compare(depth, other.depth) { $0 == 1 ? "1 block" : "\($0) blocks" }
    if localBlocks != other.localBlocks {
      if localBlocks == 0 {
        found.append(
          "attn.qkv in all blocks, as ViT and DeiT, not attn.qk and attn.v in "
            + "\(other.localBlocks), as ConViT")
      } else if other.localBlocks == 0 {
        found.append(
          "attn.qk and attn.v in \(localBlocks) blocks, as ConViT, not attn.qkv in all, as ViT and "
            + "DeiT")
      } else {
        compare(localBlocks, other.localBlocks) { $0 == 1 ? "1 GPSA block" : "\($0) GPSA blocks" }
      }
    } else if localBlocks > 0, isGated != other.isGated {
      found.append(isGated ? "gates in its GPSA blocks" : "no gates in its GPSA blocks")
    }
    compare(heads, other.heads) { "\($0) heads" }
    if width == expected { compare(hidden, other.hidden) { "MLPs of \($0) units" } }
    if let patch, let theirs = other.patch, patch != theirs {
      found.append("patches of \(Self.size(patch)) pixels, not \(Self.size(theirs))")
    }
    compare(channels, other.channels) { $0 == 1 ? "1 colour channel" : "\($0) colour channels" }
    if hasToken != other.hasToken { found.append(hasToken ? "a class token" : "no class token") }
    if isDistilled != other.isDistilled {
      found.append(isDistilled ? "a distillation token" : "no distillation token")
    }
    compare(registers, other.registers) { $0 == 1 ? "1 register" : "\($0) registers" }
    if hasLayerScale != other.hasLayerScale {
      found.append(hasLayerScale ? "layer scale" : "no layer scale")
    }
    if normFollowsPooling != other.normFollowsPooling {
      found.append(normFollowsPooling ? "fc_norm" : "no fc_norm")
    }
    compare(classes, other.classes) { $0 == 1 ? "1 class" : "\($0) classes" }
    return found
  }

  static func size(_ patch: [Int]) -> String {
    patch.map(String.init).joined(separator: " × ")
  }
}
