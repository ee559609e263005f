import Files
import Safetensors

/// The names that others have for the parts of a vision transformer, and timm's for the same.
///
/// A name stands for a tensor, or for a layer whose `weight` and `bias` are meant; `*` is the
/// number of a block. Several names are parts of one tensor, in this order along its first axis.
struct Renaming {
  /// The name of a tensor as timm has it, and which part of how many it is.
  struct Place: Hashable {
    let name: String
    let part, count: Int
  }

  let owner: String
  /// The weight of the patch embedding, by which names are known to be of this kind: what stands
  /// before it is a prefix of all names, but for the heads', which lack the last part of it.
  private let anchor: String
  private let places: [String: Place]
  private let heads: [String: Place]
  /// The beginnings of the names, behind the prefix, of what is no part of the model.
  private let left: [String]

  private init(
    _ owner: String, anchor: String, names: [(ours: String, theirs: [String])],
    heads: [(ours: String, theirs: [String])] = [], left: [String] = []
  ) {
    func places(_ names: [(ours: String, theirs: [String])]) -> [String: Place] {
      let all = names.flatMap { ours, theirs in
        theirs.enumerated().map { ($1, Place(name: ours, part: $0, count: theirs.count)) }
      }
      return Dictionary(uniqueKeysWithValues: all)
    }
    (self.owner, self.anchor, self.left) = (owner, anchor, left)
    (self.places, self.heads) = (places(names), places(heads))
  }

  /// In the order in which they are tried.
  static let all = [huggingFace, torchvision, deitAndMAE]

  /// ViT, DeiT, DINO, MAE's encoder, DINOv2 and TimeSformer of Hugging Face's transformers
  /// (`models/vit/modeling_vit.py` and its neighbours).
  private static let huggingFace = Renaming(
    "Hugging Face's transformers", anchor: "embeddings.patch_embeddings.projection.weight",
    names: [
      ("cls_token", ["embeddings.cls_token"]),
      ("dist_token", ["embeddings.distillation_token"]),
      ("reg_token", ["embeddings.register_tokens"]),
      ("pos_embed", ["embeddings.position_embeddings"]),
      ("patch_embed.proj", ["embeddings.patch_embeddings.projection"]),
      (
        "blocks.*.attn.qkv",
        ["query", "key", "value"].map { "encoder.layer.*.attention.attention.\($0)" }
      ),
      ("blocks.*.attn.proj", ["encoder.layer.*.attention.output.dense"]),
      ("blocks.*.norm1", ["encoder.layer.*.layernorm_before"]),
      ("blocks.*.norm2", ["encoder.layer.*.layernorm_after"]),
      ("blocks.*.mlp.fc1", ["encoder.layer.*.intermediate.dense"]),
      ("blocks.*.mlp.fc2", ["encoder.layer.*.output.dense"]),
      ("norm", ["layernorm"]),
      // DINOv2
      ("blocks.*.norm1", ["encoder.layer.*.norm1"]),
      ("blocks.*.norm2", ["encoder.layer.*.norm2"]),
      ("blocks.*.ls1.gamma", ["encoder.layer.*.layer_scale1.lambda1"]),
      ("blocks.*.ls2.gamma", ["encoder.layer.*.layer_scale2.lambda1"]),
      ("blocks.*.mlp.fc1", ["encoder.layer.*.mlp.fc1"]),
      ("blocks.*.mlp.fc2", ["encoder.layer.*.mlp.fc2"]),
      // TimeSformer
      ("time_embed", ["embeddings.time_embeddings"]),
      ("blocks.*.attn.qkv", ["encoder.layer.*.attention.attention.qkv"]),
      ("blocks.*.temporal_attn.qkv", ["encoder.layer.*.temporal_attention.attention.qkv"]),
      ("blocks.*.temporal_attn.proj", ["encoder.layer.*.temporal_attention.output.dense"]),
      ("blocks.*.temporal_norm1", ["encoder.layer.*.temporal_layernorm"]),
      ("blocks.*.temporal_fc", ["encoder.layer.*.temporal_dense"]),
    ],
    heads: [
      ("head", ["classifier"]),
      // of DeiT with its teacher
      ("head", ["cls_classifier"]), ("head_dist", ["distillation_classifier"]),
    ],
    left: ["pooler.", "embeddings.mask_token", "decoder."])

  /// `vit_b_16` and its like (`torchvision/models/vision_transformer.py`).
  private static let torchvision = Renaming(
    "torchvision", anchor: "conv_proj.weight",
    names: [
      ("cls_token", ["class_token"]),
      ("pos_embed", ["encoder.pos_embedding"]),
      ("patch_embed.proj", ["conv_proj"]),
      (
        "blocks.*.attn.qkv.weight", ["encoder.layers.encoder_layer_*.self_attention.in_proj_weight"]
      ),
      ("blocks.*.attn.qkv.bias", ["encoder.layers.encoder_layer_*.self_attention.in_proj_bias"]),
      ("blocks.*.attn.proj", ["encoder.layers.encoder_layer_*.self_attention.out_proj"]),
      ("blocks.*.norm1", ["encoder.layers.encoder_layer_*.ln_1"]),
      ("blocks.*.norm2", ["encoder.layers.encoder_layer_*.ln_2"]),
      ("blocks.*.mlp.fc1", ["encoder.layers.encoder_layer_*.mlp.0"]),
      ("blocks.*.mlp.fc2", ["encoder.layers.encoder_layer_*.mlp.3"]),
      // versions before 0.12
      ("blocks.*.mlp.fc1", ["encoder.layers.encoder_layer_*.mlp.linear_1"]),
      ("blocks.*.mlp.fc2", ["encoder.layers.encoder_layer_*.mlp.linear_2"]),
      ("norm", ["encoder.ln"]),
      ("head", ["heads.head"]),
    ])

  /// timm's names but for a few, as the authors of DeiT III and MAE have them.
  private static let deitAndMAE = Renaming(
    "DeiT III or MAE", anchor: "patch_embed.proj.weight",
    names: [
      ("blocks.*.ls1.gamma", ["blocks.*.gamma_1"]), ("blocks.*.ls2.gamma", ["blocks.*.gamma_2"]),
    ],
    left: ["decoder_", "mask_token"])
}

extension Renaming {
  /// The file under timm's names, if it has those of somebody else.
  ///
  /// - Throws: `WeightsError` where names of a kind are there in part.
  static func renamed(_ file: any TensorFile) throws -> RenamedFile? {
    for renaming in all {
      let prefixes = Set(file.tensors.compactMap { renaming.prefix(of: $0.name) })
      // With several models in a file, each of them needs to be asked for.
      guard prefixes.count == 1, let prefix = prefixes.first else { continue }
      return try renaming.renamed(file, prefix: prefix)
    }
    return nil
  }

  private func renamed(_ file: any TensorFile, prefix: String) throws -> RenamedFile? {
    let isTimms = places[Self.stem(anchor)] == nil
    let parent = prefix.split(separator: ".").dropLast().map { "\($0)." }.joined()
    var example: String?
    var isChanged = false
    func place(_ name: String) -> Place? {
      let rest = name.hasPrefix(prefix) ? name.dropFirst(prefix.count) : nil
      let besides = name.hasPrefix(parent) ? name.dropFirst(parent.count) : nil
      if [rest, besides].contains(where: { rest in left.contains { rest?.hasPrefix($0) ?? false } })
      {
        isChanged = true
        return nil
      }
      guard
        let found = rest.flatMap({ Self.find($0, in: places) })
          ?? besides.flatMap({ Self.find($0, in: heads) })
      else { return Place(name: name, part: 0, count: 1) }
      isChanged = true
      if example == nil || (found.name == "blocks.0.attn.qkv.weight" && found.part == 0) {
        example = name
      }
      // What is timm's keeps its prefix, as all other names of the file do.
      return isTimms ? Place(name: prefix + found.name, part: 0, count: 1) : found
    }
    let names = Dictionary(
      file.tensors.map { ($0.name, place($0.name)) }, uniquingKeysWith: { first, _ in first })
    guard isChanged else { return nil }
    let note = example.map {
      "the names are those of \(owner) (\($0.printable(limit: 70))), read as timm's"
    }
    return try RenamedFile(file, note: note, isTorchvision: owner == "torchvision") {
      names[$0] ?? nil
    }
  }

  /// What stands before the anchor in a name, with its dot; nil if that is not at its end.
  private func prefix(of name: String) -> String? {
    guard name.utf8.count <= NamePrefix.longestName, name.hasSuffix(anchor) else { return nil }
    let prefix = name.dropLast(anchor.count)
    return prefix.isEmpty || prefix.hasSuffix(".") ? String(prefix) : nil
  }

  /// What a name behind the prefix stands for in a table, with the number of its block.
  private static func find(_ name: Substring, in table: [String: Place]) -> Place? {
    guard name.utf8.count <= NamePrefix.longestName else { return nil }
    var (pattern, number) = (String(name), "")
    if let first = name.firstIndex(where: \.isWholeNumber), name.utf8.allSatisfy({ $0 < 128 }) {
      let digits = name[first...].prefix { $0.isWholeNumber }
      if let end = pattern.range(of: digits) {
        number = String(digits)
        pattern.replaceSubrange(end, with: "*")
      }
    }
    func named(_ place: Place, _ ending: Substring) -> Place {
      let name = place.name.replacing("*", with: number) + ending
      return Place(name: name, part: place.part, count: place.count)
    }
    if let whole = table[pattern] { return named(whole, "") }
    let stem = stem(pattern)
    return stem.count < pattern.count
      ? table[stem].map { named($0, pattern.dropFirst(stem.count)) } : nil
  }

  /// A name without `.weight` or `.bias`.
  private static func stem(_ name: String) -> String {
    let ending = [".weight", ".bias"].first(where: name.hasSuffix)
    return String(name.dropLast(ending?.count ?? 0))
  }
}
