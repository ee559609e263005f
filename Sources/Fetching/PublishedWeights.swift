/// A file that somebody has published.
package struct PublishedFile: Sendable {
  /// The address begins with it; another server may have the same files.
  let server: String
  /// The rest of the address.
  let path: String
  /// Fewer bytes than the file has, and more.
  var minBytes = 0
  let maxBytes: Int
  /// The first digits of the sha256, as published; nil if none are.
  var hash: String?
}

/// Weights that somebody has published, and what is known of them.
package struct PublishedWeights: Sendable {
  /// timm's name of the model, with a tag behind it where timm has one.
  package let name: String
  /// The address begins with it; another server may have the same files.
  package let server: String
  /// The rest of the address.
  package let path: String
  /// Parameters, in millions; in a file they take four bytes each.
  package let millions: Double
  /// Top-1 accuracy on ImageNet's validation images in percent, with the digits that are published;
  /// nil for weights without a classifier of ImageNet's classes.
  package let accuracy: String?
  package let licence: String
  /// The first digits of the sha256, as published; nil if none are.
  var hash: String?
  /// Where the `config.json` is that says the model's normalisation and crop, if there is one.
  var configurationPath: String?

  /// The preset of the weights.
  package var model: String { String(name.prefix { $0 != "." }) }

  /// A name for the weights here: a folder if they have a `config.json`, else a file.
  package var outputName: String { configuration == nil ? name + ".pth" : name }

  package var file: PublishedFile {
    // Four bytes a parameter; twice as many, and room for a header.
    PublishedFile(
      server: server, path: path, minBytes: Int(millions * 3.8e6),
      maxBytes: Int(millions * 8e6) + (16 << 20), hash: hash)
  }

  package var configuration: PublishedFile? {
    configurationPath.map { PublishedFile(server: server, path: $0, maxBytes: 1 << 20) }
  }

  package static let all = authors + hub

  /// The weights of a name; of a model's name alone, if only one are published under it.
  package static func named(_ name: String) -> PublishedWeights? {
    let found = all.first { $0.name == name }
    let tagged = all.filter { $0.model == name }
    return found ?? (tagged.count == 1 ? tagged[0] : nil)
  }
}

extension PublishedWeights {
  /// What the authors of ConViT and DeiT published.
  ///
  /// Sources: addresses from `convit.py` of github.com/facebookresearch/convit and `README_deit.md`
  /// of github.com/facebookresearch/deit. The digits in DeiT's names are the first of the sha256,
  /// as PyTorch's `torch.hub` reads them; ConViT's files have none. Accuracies: DeiT's and
  /// ConViT-Ti's from the same pages, ConViT-S's and -B's from the paper (d'Ascoli et al. 2021,
  /// table 1). Licences: those of the two repositories. Parameters: of timm's models.
  static let authors =
    [("tiny", 5.71, "73.116"), ("small", 27.78, "81.3"), ("base", 86.54, "82.4")].map {
      PublishedWeights(
        name: "convit_\($0)", server: facebook, path: "/convit/convit_\($0).pth", millions: $1,
        accuracy: $2, licence: "Apache-2.0")
    }
    + [
      ("tiny_patch16_224", 5.72, "72.202", "a1311bcf"),
      ("tiny_distilled_patch16_224", 5.91, "74.476", "b40b3cf7"),
      ("small_patch16_224", 22.05, "79.854", "cd65a155"),
      ("small_distilled_patch16_224", 22.44, "81.164", "649709d9"),
      ("base_patch16_224", 86.57, "81.846", "b5f2ef4d"),
      ("base_distilled_patch16_224", 87.34, "83.372", "df68dfff"),
      ("base_patch16_384", 86.86, "82.890", "8de9b5d1"),
      ("base_distilled_patch16_384", 87.63, "85.224", "d0272ac0"),
    ].map {
      PublishedWeights(
        name: "deit_\($0)", server: facebook, path: "/deit/deit_\($0)-\($3).pth", millions: $1,
        accuracy: $2, licence: "Apache-2.0", hash: $3)
    }

  private static let facebook = "https://dl.fbaipublicfiles.com"
}
