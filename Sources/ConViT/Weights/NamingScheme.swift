import Files

/// Whose names the tensors of a file have, if they are not the ones that are read.
struct NamingScheme {
  let owner: String  // "torchvision"
  let example: String  // the first name that shows it
  let blocks: Int?  // counted by the numbers in the names, where these show it

  /// "torchvision (encoder.layers.encoder_layer_0.ln_1.weight), of 12 blocks".
  var description: String {
    let count = blocks.map { ", of \($0) block\($0 == 1 ? "" : "s")" } ?? ""
    return "\(owner) (\(example.printable(limit: 70)))\(count)"
  }

  static func of(_ names: [String]) -> NamingScheme? {
    let names = names.prefix(20_000).filter { $0.utf8.count <= 256 }
    for (marker, owner) in markers {
      if let name = names.first(where: { $0.utf8.firstIndex(of: marker) != nil }) {
        return NamingScheme(owner: owner, example: name, blocks: blocks(in: names, after: marker))
      }
    }
    return nil
  }

  /// In the order in which they are looked for: what marks them, and whose they are.
  private static let markers: [(marker: String, owner: String)] = [
    ("lora_A", "a LoRA adapter"),
    ("visual.transformer.resblocks.", "CLIP"),
    ("transformer.resblocks.", "CLIP"),
    ("vision_model.encoder.layers.", "CLIP in Hugging Face's transformers"),
    ("encoder.layers.encoder_layer_", "torchvision"),
    ("relative_position_bias_table", "Swin or BEiT"),
    ("encoder.layer.", "Hugging Face's transformers"),
    ("to_qkv.weight", "vit-pytorch"),
    ("self_attn.q_proj", "a language model"),
    ("encoderblock_", "Flax"),
    ("decoder_blocks.", "MAE with its decoder"),
    ("head.last_layer.", "DINO with its projection head"),
    (".ls1.gamma", "DINOv2 or another model with LayerScale"),
    ("gamma_1", "a model with LayerScale"),
    ("layer1.0.conv1.", "a ResNet"),
    ("running_mean", "a convolutional network"),
    ("conv_dw", "a convolutional network"),
    ("features.0.", "a convolutional network"),
    ("conv1.weight", "a convolutional network"),
    ("exp_avg", "an optimiser"),
  ]

  /// One more than the greatest number that follows the marker in a name.
  private static func blocks(in names: [String], after marker: String) -> Int? {
    guard marker.hasSuffix(".") || marker.hasSuffix("_") else { return nil }
    let numbers = names.compactMap { name -> Int? in
      guard let start = name.utf8.firstIndex(of: marker) else { return nil }
      let rest = name.utf8[start...].dropFirst(marker.utf8.count)
      return Int(String(rest.prefix(4).prefix { (48...57).contains($0) }) ?? "")
    }
    return numbers.max().map { $0 + 1 }
  }
}

extension String.UTF8View {
  fileprivate func firstIndex(of text: String) -> Index? {
    guard let first = text.utf8.first else { return nil }
    return indices.first { self[$0] == first && self[$0...].starts(with: text.utf8) }
  }
}
