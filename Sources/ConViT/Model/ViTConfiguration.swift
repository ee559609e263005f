import Files

/// What a vision transformer is made of: everything about a model but its numbers.
public struct ViTConfiguration: Hashable, Sendable, Codable {
  /// Where the class token enters and what the position embedding covers.
  public enum Family: String, Hashable, Sendable, Codable {
    /// GPSA blocks over the patches first; the token joins before block `localUpToLayer`; the
    /// position embedding is for the patches alone.
    case convit
    /// The token is there from the start, and has a place in the position embedding.
    case vit
  }

  /// What the head reads.
  public enum Pooling: String, Hashable, Sendable, Codable {
    /// The class token.
    case token
    /// The mean over the patches; a class token is there only if the model keeps one.
    case average
  }

  /// ConViT, or ViT and DeiT.
  public var family: Family
  /// Pixels; a multiple of `patchSize`.
  public var imageHeight: Int
  /// Pixels; a multiple of `patchSize`.
  public var imageWidth: Int
  /// Pixels of a patch's side.
  public var patchSize: Int
  /// Colours of a pixel.
  public var channels = 3
  /// Outputs of the head.
  public var classes = 1000
  /// The features of a token, C; a multiple of `heads`, unless `headDim` is given.
  public var embedDim: Int
  /// The number of blocks, GPSA and MHSA together.
  public var depth = 12
  /// The number of heads of each block, H; where blocks differ, of the one that has most.
  public var heads: Int
  /// The MLPs have embedDim · mlpRatio hidden units, rounded down.
  public var mlpRatio: Float = 4
  /// The features of a head, D; if nil, C / H.
  public var headDim: Int?
  /// The number of heads of each block, where blocks differ; if nil, `heads`.
  public var headsByLayer: [Int]?
  /// The number of hidden units of each block's MLP, where blocks differ; if nil, by `mlpRatio`.
  public var hiddenDimByLayer: [Int]?
  /// Whether queries, keys and values have a bias: by default in the ViT family alone.
  public var qkvBias = false
  /// The number of blocks, from the first, that are GPSA.
  public var localUpToLayer = 0
  /// How the GPSA blocks start.
  public var start = GPSAStart.convolutional(strength: 1)
  /// Whether these blocks have a gate between content and position; without, the two are summed
  /// before the softmax (`PSA`), and all else is the same.
  public var isGated = true
  /// λ at the start, of which σ is the share of the positional attention.
  public var gateStart: Float = 1
  /// Whether a learned position embedding is added to the tokens before the first block.
  public var usePosEmbed = true
  /// Whether the ViT family's position embedding has places for the tokens in front of the patches;
  /// without, these join behind it, as in DeiT III (timm's `no_embed_class`).
  public var embedsTokens = true
  /// Register tokens (Darcet et al. 2024, arXiv:2309.16588), which no head reads: behind the class
  /// token, in the ViT family alone.
  public var registers = 0
  /// Whether the head reads the class token or the mean over the patches.
  public var pooling = Pooling.token
  /// Whether there is a class token although the head reads the mean, as in MAE's classifiers.
  public var keepsClassToken = false
  /// Whether the last normalisation follows the pooling (timm's `fc_norm`) and does not precede it.
  public var normFollowsPooling = false
  /// ε of all layer normalisations.
  public var normEpsilon: Float = 1e-6
  /// What layer scale starts from, the learned factor of each feature behind both parts of a block;
  /// nil without.
  public var layerScale: Float?
  /// A second token and head, for a teacher's labels (Touvron et al. 2021).
  public var isDistilled = false
  /// Dropout after the embedding, projections and MLP layers.
  public var dropRate: Float = 0
  /// Dropout of the attention's elements.
  public var attnDropRate: Float = 0
  /// Stochastic depth of the last block; block i has i / (depth − 1) of it.
  public var dropPathRate: Float = 0

  /// A configuration for square images of `imageSize` pixels.
  public init(
    _ family: Family, imageSize: Int = 224, patchSize: Int = 16, embedDim: Int, heads: Int
  ) {
    (imageHeight, imageWidth, self.patchSize) = (imageSize, imageSize, patchSize)
    (self.family, self.embedDim, self.heads) = (family, embedDim, heads)
    localUpToLayer = family == .convit ? 10 : 0
    qkvBias = family == .vit
  }

  package var grid: PatchGrid {
    PatchGrid(rows: imageHeight / patchSize, columns: imageWidth / patchSize)
  }

  var hiddenDim: Int { Int(Float(embedDim) * mlpRatio) }

  /// The hidden units of a block's MLP.
  package func hiddenDim(inLayer layer: Int) -> Int { hiddenDimByLayer?[layer] ?? hiddenDim }

  /// The heads of a block.
  package func heads(inLayer layer: Int) -> Int { headsByLayer?[layer] ?? heads }

  /// The features of a head, D.
  package var headFeatures: Int { headDim ?? embedDim / heads }

  package var hasClassToken: Bool { pooling == .token || keepsClassToken }

  /// The number of tokens in front of the patches: class, distillation and register tokens.
  package var tokens: Int { (hasClassToken ? 1 : 0) + (isDistilled ? 1 : 0) + registers }

  /// The number of tokens, from the first, that heads read; 0 if they read the mean over patches.
  package var headTokens: Int { pooling == .average ? 0 : isDistilled ? 2 : 1 }

  /// The places of the position embedding that are these tokens'.
  var embeddedTokens: Int { family == .vit && embedsTokens ? tokens : 0 }

  /// The tokens in front of a layer's patches.
  package func tokens(inLayer layer: Int) -> Int {
    family == .vit || layer >= localUpToLayer ? tokens : 0
  }

  package func validate() throws(ConfigurationError) {
    for (name, value, limit) in [
      ("image height", imageHeight, 65_536), ("image width", imageWidth, 65_536),
      ("patch size", patchSize, 4096), ("channels", channels, 64), ("classes", classes, 1_000_000),
      ("embedding dimension", embedDim, 16_384), ("depth", depth, 1000), ("heads", heads, 1024),
    ] {
      try require(
        (1...limit).contains(value), "the \(name) must be 1 to \(limit), found \(value)")
    }
    try require(
      imageHeight % patchSize == 0 && imageWidth % patchSize == 0,
      "the patch size \(patchSize) does not divide the image size \(imageHeight) × \(imageWidth)")
    try require(
      headDim != nil || embedDim % heads == 0,
      "the embedding dimension \(embedDim) is not divisible by \(heads) heads")
    try require(grid.count <= 16_384, "\(grid.count) patches are more than the 16384 supported")
    try require(
      (0...depth).contains(localUpToLayer),
      "local_up_to_layer is \(localUpToLayer), expected 0 to depth, which is \(depth)")
    try require(
      family == .convit || localUpToLayer == 0, "local_up_to_layer is for ConViT models only")
    try require(
      !hasClassToken || family == .vit || localUpToLayer < depth,
      "local_up_to_layer \(localUpToLayer) equals the depth, so the class token would never join; "
        + "use average pooling, or at least one block of self-attention")
    try require(!isDistilled || family == .vit, "distillation tokens are for DeiT models only")
    try require(
      !isDistilled || pooling == .token, "a distilled model reads its tokens: no average pooling")
    try validateParts()
    try require(
      mlpRatio > 0 && mlpRatio <= 64,
      "the MLP ratio must be above 0 and at most 64, found \(mlpRatio)")
    try require(
      hiddenDimByLayer != nil || hiddenDim > 0,
      "an MLP ratio of \(mlpRatio) leaves no hidden unit of \(embedDim) dimensions")
    for (name, rate) in [
      ("dropout", dropRate), ("dropout", attnDropRate), ("drop-path", dropPathRate),
    ] {
      try require((0..<1).contains(rate), "the \(name) rate \(rate) is not in 0 ..< 1")
    }
    if case .convolutional(let strength) = start {
      try require(
        strength.isFinite && strength > 0,
        "the locality strength must be positive, found \(strength)")
    }
    try require(gateStart.isFinite, "the gate must start finite, found \(gateStart)")
  }
}

extension ViTConfiguration {
  /// A configuration of a weights file; one that an older version wrote has fewer keys.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys) throws -> Value {
      try values.decode(Value.self, forKey: key)
    }
    family = try value(.family)
    (imageHeight, imageWidth) = (try value(.imageHeight), try value(.imageWidth))
    (patchSize, channels, classes) = (
      try value(.patchSize), try value(.channels), try value(.classes)
    )
    (embedDim, depth, heads) = (try value(.embedDim), try value(.depth), try value(.heads))
    (mlpRatio, qkvBias) = (try value(.mlpRatio), try value(.qkvBias))
    (localUpToLayer, start) = (try value(.localUpToLayer), try value(.start))
    (usePosEmbed, pooling) = (try value(.usePosEmbed), try value(.pooling))
    isDistilled = try value(.isDistilled)
    (dropRate, dropPathRate) = (try value(.dropRate), try value(.dropPathRate))
    func later<Value: Decodable>(_ key: CodingKeys, or old: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? old
    }
    attnDropRate = try later(.attnDropRate, or: 0)
    (isGated, gateStart) = (try later(.isGated, or: true), try later(.gateStart, or: 1))
    (embedsTokens, registers) = (
      try later(.embedsTokens, or: true), try later(.registers, or: 0)
    )
    keepsClassToken = try later(.keepsClassToken, or: false)
    normFollowsPooling = try later(.normFollowsPooling, or: false)
    normEpsilon = try later(.normEpsilon, or: 1e-6)
    layerScale = try values.decodeIfPresent(Float.self, forKey: .layerScale)
    headDim = try values.decodeIfPresent(Int.self, forKey: .headDim)
    headsByLayer = try values.decodeIfPresent([Int].self, forKey: .headsByLayer)
    hiddenDimByLayer = try values.decodeIfPresent([Int].self, forKey: .hiddenDimByLayer)
  }
}

/// A configuration that describes no model.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
  package let message: String
  /// An error about a configuration.
  public init(message: String) { self.message = message }
  /// The message, on one line whatever was asked for.
  public var description: String { message.printable(limit: 4096) }
}

/// Throws a message about a configuration unless a condition holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(ConfigurationError) {
  if !condition { throw ConfigurationError(message: message()) }
}
