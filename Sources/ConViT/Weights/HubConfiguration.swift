import Files
import Foundation

/// What the `config.json` beside weights says of their model, as timm or Hugging Face's
/// transformers write it, with `preprocessor_config.json` of the latter.
struct HubConfiguration {
  let name: String?
  var configuration: ViTConfiguration
  let classNames: [String]?
  let normalization: ChannelStatistics?
  let cropRatio: Double?
  let interpolation: Interpolation?
  private(set) var notes: [String] = []
  private var clips: (frames: Int, scheme: TimeSformerConfiguration.Scheme)?

  var architecture: any Architecture { clipsConfiguration ?? configuration }

  /// "vit_tiny_patch16_224, patches of 16 pixels": for people.
  var text: String { clipsConfiguration?.text ?? configuration.shapeText }

  private var clipsConfiguration: TimeSformerConfiguration? {
    clips.map { TimeSformerConfiguration(configuration, frames: $0.frames, scheme: $0.scheme) }
  }

  /// What is said beside a file; nil if there is no `config.json` of these two.
  ///
  /// - Throws: `WeightsError` that says what in it is not known.
  init?(beside path: String) throws {
    let folder = Files.folder(of: path)
    let place = "\(folder)/config.json"
    guard FileManager.default.fileExists(atPath: place) else { return nil }
    let content = try JSONFile(place)
    if content.text("architecture") != nil {
      try self.init(timm: content)
    } else if content.text("model_type") != nil {
      let processor = "\(folder)/preprocessor_config.json"
      let reading = FileManager.default.fileExists(atPath: processor)
      try self.init(huggingFace: content, reading ? JSONFile(processor) : nil)
    } else {
      return nil  // of another program
    }
    do {
      try configuration.validate()
      try clipsConfiguration?.validate()
    } catch {
      throw content.fault(error.message)
    }
  }

  /// timm's: a preset's name, and what differs from it (`timm/models/_hub.py`).
  private init(timm content: JSONFile) throws {
    let name = content.text("architecture") ?? ""
    guard var configuration = ViTConfiguration.preset(name) else {
      throw content.fault("its model is '\(name.printable(limit: 60))', which no preset is called")
    }
    let pretrained = content.object("pretrained_cfg")
    if let size = pretrained?.integers("input_size"), size.count == 3 {
      (configuration.imageHeight, configuration.imageWidth) = (size[1], size[2])
    }
    let classes = content.integer("num_classes") ?? pretrained?.integer("num_classes") ?? 0
    configuration.classes = classes > 0 ? classes : configuration.classes  // 0: without a head
    let isViT = configuration.family == .vit  // timm's ConViT takes fewer arguments
    for key in content.object("model_args")?.keys ?? [] {
      guard let arguments = content.object("model_args") else { continue }
      func number() throws -> Int {
        guard let number = arguments.integer(key) else {
          throw content.fault("model_args.\(key) is not a whole number")
        }
        return number
      }
      switch key {
      case "img_size":
        let sizes = try arguments.integers(key) ?? [number(), number()]
        guard sizes.count == 2 else { throw content.fault("model_args.img_size has no two sizes") }
        (configuration.imageHeight, configuration.imageWidth) = (sizes[0], sizes[1])
      case "patch_size": configuration.patchSize = try number()
      case "embed_dim": configuration.embedDim = try number()
      case "depth": configuration.depth = try number()
      case "num_heads": configuration.heads = try number()
      case "in_chans": configuration.channels = try number()
      case "num_classes": break  // beside it, too
      case "local_up_to_layer": configuration.localUpToLayer = try number()
      case "mlp_ratio":
        configuration.mlpRatio = arguments.number(key).map(Float.init) ?? configuration.mlpRatio
      case "qkv_bias": configuration.qkvBias = arguments.flag(key) ?? configuration.qkvBias
      case "init_values": configuration.layerScale = arguments.number(key).map(Float.init)
      case "reg_tokens": configuration.registers = try number()
      case "no_embed_class": configuration.embedsTokens = arguments.flag(key) == false
      case "global_pool": break  // below, as it and the next two depend on each other
      case "class_token" where isViT, "fc_norm" where isViT: break
      default:
        throw content.fault("model_args.\(key.printable(limit: 60)) is not known")
      }
    }
    if let arguments = content.object("model_args") {
      try configuration.takePooling(arguments)
    }
    self.name = name
    self.configuration = configuration
    classNames = (content.strings("label_names") ?? pretrained?.strings("label_names"))
      .flatMap { Self.unique($0, count: configuration.classes) }
    normalization = pretrained.flatMap { $0.statistics("mean", "std") }
    cropRatio = pretrained?.number("crop_pct").flatMap(Self.ratio)
    interpolation = pretrained?.text("interpolation").flatMap(Interpolation.init)
    if let mode = pretrained?.text("crop_mode"), mode != "center" {
      notes.append("images are cropped in the middle, not by '\(mode.printable(limit: 40))'")
    }
  }

  /// Hugging Face's: every size by itself (`transformers/models/vit/configuration_vit.py`).
  private init(huggingFace content: JSONFile, _ reading: JSONFile?) throws {
    let kind = content.text("model_type") ?? ""
    guard ["vit", "deit", "vit_mae", "timesformer"].contains(kind) else {
      throw content.fault(
        "its model is of the type '\(kind.printable(limit: 60))'; vit, deit, vit_mae and "
          + "timesformer are read")
    }
    func number(_ key: String, default other: Int) throws -> Int {
      guard content.keys.contains(key) else { return other }
      guard let number = content.integer(key) else { throw content.fault("\(key) is no number") }
      return number
    }
    let activation = content.text("hidden_act") ?? "gelu"
    guard activation == "gelu" else {
      throw content.fault("its activation is '\(activation.printable(limit: 60))', not 'gelu'")
    }
    let width = try number("hidden_size", default: 768)
    var c = ViTConfiguration(
      .vit, patchSize: try number("patch_size", default: 16), embedDim: width,
      heads: try number("num_attention_heads", default: 12))
    c.depth = try number("num_hidden_layers", default: 12)
    c.channels = try number("num_channels", default: 3)
    let hidden = try number("intermediate_size", default: 3072)
    c.mlpRatio = Float(hidden) / Float(max(width, 1))
    if c.hiddenDim < hidden { c.mlpRatio = c.mlpRatio.nextUp }
    let sizes =
      try content.integers("image_size")
      ?? Array(repeating: number("image_size", default: 224), count: 2)
    guard sizes.count == 2 else { throw content.fault("image_size has \(sizes.count) sizes") }
    (c.imageHeight, c.imageWidth) = (sizes[0], sizes[1])
    c.qkvBias = content.flag("qkv_bias") ?? true
    c.isDistilled = kind == "deit"
    let labels = content.labels("id2label")
    c.classes = labels?.count ?? c.classes
    name = nil
    // LABEL_0, LABEL_1, … are what transformers write for classes without names.
    let areNamed = labels?.contains { !$0.hasPrefix("LABEL_") } ?? false
    classNames = areNamed ? labels.flatMap { Self.unique($0, count: c.classes) } : nil
    c.normEpsilon =
      content.number("layer_norm_eps").map(Float.init) ?? (kind == "timesformer" ? 1e-6 : 1e-12)
    if kind == "timesformer" {
      let text = content.text("attention_type") ?? "divided_space_time"
      guard let scheme = Self.schemes[text] else {
        throw content.fault("its attention_type '\(text.printable(limit: 60))' is not known")
      }
      clips = (try number("num_frames", default: 8), scheme)
      c.dropPathRate = content.number("drop_path_rate").map(Float.init) ?? 0
    }
    configuration = c
    normalization =
      reading?.flag("do_normalize") == false ? nil : reading?.statistics("image_mean", "image_std")
    interpolation = [2: .bilinear, 3: .bicubic][reading?.integer("resample") ?? -1]
    // Without a crop in the middle, transformers give up the proportion of the sides.
    let isCropped = reading?.flag("do_center_crop") ?? false
    let resized = reading?.object("size")?.integer("shortest_edge")
    let crop = reading?.object("crop_size")?.integer("height") ?? reading?.integer("crop_size")
    let size = resized ?? reading?.object("size")?.integer("height") ?? reading?.integer("size")
    if isCropped, let crop, let size, size > 0 {
      cropRatio = Self.ratio(Double(crop) / Double(size))
    } else {
      cropRatio = reading == nil ? nil : 1
      if reading != nil {
        notes.append("images keep the proportion of their sides, and are cropped")
      }
    }
  }

  private static let schemes: [String: TimeSformerConfiguration.Scheme] = [
    "space_only": .space, "joint_space_time": .joint, "divided_space_time": .divided,
  ]

  private static func ratio(_ value: Double) -> Double? { value > 0 && value <= 1 ? value : nil }

  /// Names of which some are there twice get the number of their class: "crane (517)"; nil unless
  /// there is one for each class.
  private static func unique(_ names: [String], count: Int) -> [String]? {
    guard names.count == count else { return nil }
    var seen: Set<[UInt8]> = []
    return names.enumerated().map { index, name in
      seen.insert(Array(name.utf8)).inserted ? name : "\(name) (\(index))"
    }
  }
}

extension ViTConfiguration {
  /// What timm makes of `global_pool`, `class_token` and `fc_norm`, over what a preset has: unless
  /// the preset or `fc_norm` says it, ViT's last normalisation follows an average pooling.
  fileprivate mutating func takePooling(_ arguments: JSONFile) throws {
    let saysNorm = pooling == .average && !normFollowsPooling
    let hasToken = arguments.flag("class_token") ?? hasClassToken
    if arguments.keys.contains("global_pool") {
      guard
        let known = ["avg": Pooling.average, "token": .token][arguments.text("global_pool") ?? ""]
      else { throw arguments.fault("model_args.global_pool is neither 'avg' nor 'token'") }
      pooling = known
    }
    guard hasToken || pooling == .average else {
      throw arguments.fault("model_args.class_token is false, but the head reads the class token")
    }
    keepsClassToken = hasToken && pooling == .average
    guard family == .vit else { return }
    normFollowsPooling = arguments.flag("fc_norm") ?? (pooling == .average && !saysNorm)
  }
}

/// A file with a JSON object, whose members are asked for by their kind.
private struct JSONFile {
  private let path: String
  private let members: [String: Any]

  init(_ path: String) throws {
    do {
      let bytes = try RegularFile.contents(of: path, maxBytes: 10_000_000)
      let value = try? JSONSerialization.jsonObject(with: Data(bytes))
      guard let members = value as? [String: Any] else {
        throw WeightsError(path: path, reason: "expected a JSON object")
      }
      (self.path, self.members) = (path, members)
    } catch let error as FileError {
      throw WeightsError(error)
    }
  }

  private init(_ path: String, _ members: [String: Any]) {
    (self.path, self.members) = (path, members)
  }

  func fault(_ reason: String) -> WeightsError { WeightsError(path: path, reason: reason) }

  var keys: [String] { members.filter { !($0.value is NSNull) }.keys.sorted() }

  func text(_ key: String) -> String? { members[key] as? String }
  func flag(_ key: String) -> Bool? { members[key] as? Bool }
  func integer(_ key: String) -> Int? { (members[key] as? NSNumber).flatMap { Int(exactly: $0) } }
  func number(_ key: String) -> Double? { (members[key] as? NSNumber)?.doubleValue }
  func strings(_ key: String) -> [String]? { members[key] as? [String] }

  func integers(_ key: String) -> [Int]? {
    (members[key] as? [NSNumber]).flatMap { numbers in
      let integers = numbers.compactMap { Int(exactly: $0) }
      return integers.count == numbers.count && !integers.isEmpty ? integers : nil
    }
  }

  func object(_ key: String) -> JSONFile? {
    (members[key] as? [String: Any]).map { JSONFile(path, $0) }
  }

  func statistics(_ mean: String, _ std: String) -> ChannelStatistics? {
    guard let mean = members[mean] as? [NSNumber], let std = members[std] as? [NSNumber] else {
      return nil
    }
    return ChannelStatistics(mean: mean.map(\.floatValue), std: std.map(\.floatValue))
  }

  /// The names of `{"0": "cat", "1": "dog"}` in the order of their numbers; nil if one is missing.
  func labels(_ key: String) -> [String]? {
    guard let names = members[key] as? [String: String], !names.isEmpty else { return nil }
    let ordered = (0..<names.count).compactMap { names["\($0)"] }
    return ordered.count == names.count ? ordered : nil
  }
}
