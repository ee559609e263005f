import Autodiff
import Files

/// What stands before the published names in a file: `module.` of parallel training, `_orig_mod.`
/// of a compiled model, `model.` or `backbone.` of a model that was part of another, in any
/// nesting. No list of them is kept: a prefix is whatever leaves names of our models behind.
struct NamePrefix: Hashable {
  let text: String  // with its last dot; empty if the names are as published
  let count: Int  // the names that are published ones behind it

  /// The prefixes behind which the names of a model stand, those of the most names first; there
  /// are several if the names are of several models.
  ///
  /// The work grows with the number of bytes in the names alone.
  static func candidates(in names: some Sequence<String>) -> [NamePrefix] {
    var (counts, models): ([Substring: Int], Set<Substring>) = ([:], [])
    var total = 0
    for name in names where name.utf8.count <= longestName {
      total += 1
      for start in lastParts(of: name) {
        let rest = name[start...]
        guard isPublished(rest) else { continue }
        counts[name[..<start], default: 0] += 1
        if rest == "patch_embed.proj.weight" { models.insert(name[..<start]) }
      }
    }
    // A few names fit by chance: `encoder.norm.weight`.
    return counts.filter { models.contains($0.key) || 2 * $0.value > total }
      .map { NamePrefix(text: String($0.key), count: $0.value) }
      .sorted { ($1.count, $0.text) < ($0.count, $1.text) }
  }

  /// "47 names begin with 'module.', 47 do not; …" if the published names stand behind several
  /// prefixes, each of them behind one only, so that they are parts of one model; nil otherwise.
  static func split(_ names: some Sequence<String>) -> String? {
    var groups: [Substring: Set<Substring>] = [:]
    for name in names where name.utf8.count <= longestName {
      let starts = lastParts(of: name).reversed()
      guard let start = starts.first(where: { isPublished(name[$0...]) }) else { continue }
      groups[name[..<start], default: []].insert(name[start...])
    }
    let all = groups.values.reduce(into: Set()) { $0.formUnion($1) }
    guard groups.count > 1, all.count == groups.values.reduce(0, { $0 + $1.count }) else {
      return nil
    }
    let sorted = groups.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
    let prefixed = sorted.filter { !$0.key.isEmpty }.prefix(4)
    let parts = prefixed.enumerated().map { index, group in
      "\(group.value.count) \(index == 0 ? "names begin with" : "with") "
        + "'\(String(group.key).printable(limit: 60))'"
    }
    let plain = groups[""].map { ["\($0.count) do not"] } ?? []
    return (parts + plain).joined(separator: ", ") + "; give all of them the same prefix, or none"
  }

  /// Whether a name is one of a model of this package.
  static func isPublished(_ name: Substring) -> Bool {
    guard name.hasPrefix("blocks.") else { return published.contains(String(name)) }
    let rest = name.dropFirst("blocks.".count)
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    guard (1...4).contains(digits.count) else { return false }
    return published.contains("blocks.0" + rest.dropFirst(digits.count))
  }

  static let longestName = 512  // what is longer, in bytes, is not looked at

  /// Where the last one to five parts of a name begin; ours have no more.
  private static func lastParts(of name: String) -> [String.Index] {
    var starts: [String.Index] = []
    for index in name.utf8.indices.reversed() where name.utf8[index] == UInt8(ascii: ".") {
      starts.append(name.utf8.index(after: index))
      if starts.count == 5 { return starts }
    }
    return starts + [name.startIndex]
  }

  /// The names of the weights of all kinds of models, with 0 for the number of a block.
  private static let published: Set<String> = {
    var convit = ViTConfiguration(.convit, imageSize: 2, patchSize: 1, embedDim: 2, heads: 1)
    (convit.depth, convit.localUpToLayer, convit.qkvBias) = (1, 1, true)
    convit.pooling = .average
    var vit = ViTConfiguration(.vit, imageSize: 2, patchSize: 1, embedDim: 2, heads: 1)
    (vit.depth, vit.isDistilled, vit.layerScale) = (1, true, 1)
    var pooled = ViTConfiguration(.vit, imageSize: 2, patchSize: 1, embedDim: 2, heads: 1)
    (pooled.depth, pooled.pooling, pooled.normFollowsPooling) = (1, .average, true)
    pooled.registers = 1
    var clips = ViTConfiguration(.vit, imageSize: 2, patchSize: 1, embedDim: 2, heads: 1)
    clips.depth = 1
    let models: [any Architecture] =
      [convit, vit, pooled]
      + [.axial, .localGlobal].map { TimeSformerConfiguration(clips, frames: 1, scheme: $0) }
    let trees = models.compactMap { try? ParameterTree($0.makeModel()) }
    checkPrecondition(trees.count == models.count, "the smallest models are valid")
    return Set(trees.flatMap(\.names))
  }()
}
