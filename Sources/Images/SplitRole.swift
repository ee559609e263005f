/// What the images of a folder are for, by the name that a person gave it.
package enum SplitRole: String, Sendable {
  case train, val, test

  private static let names: [String: SplitRole] = [
    "train": .train, "training": .train,
    "val": .val, "valid": .val, "validation": .val, "dev": .val, "eval": .val, "evaluation": .val,
    "test": .test, "testing": .test,
  ]

  /// Words that say nothing about what images are for: seg_train, test-images, ValidationSet.
  private static let fillers: Set = [
    "set", "data", "dataset", "images", "image", "imgs", "img", "seg", "split", "folder",
  ]

  /// The role of "Training", "valid", "test_set" or "train2017"; nil for any other name.
  package init?(folder: String) {
    let words = folder.lowercased().split { !$0.isLetter }.map { word in
      let ending = ["dataset", "set", "data", "images"].first { word.hasSuffix($0) }
      let stem = word.dropLast(ending?.count ?? 0)
      return String(stem.isEmpty ? word : stem)
    }.filter { !Self.fillers.contains($0) }
    guard words.count == 1, let role = Self.names[words[0]] else { return nil }
    self = role
  }

  /// The roles that may stand for this one, the nearest first: for validation also testing.
  package var substitutes: [SplitRole] { self == .val ? [.val, .test] : [self] }
}
