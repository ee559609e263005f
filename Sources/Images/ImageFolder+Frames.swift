import Files

// Frames of clips that are taken for images.
extension ImageFolder {
  /// That these images and those of another part look like the frames of clips, so that the parts
  /// share clips; nil if they do not.
  ///
  /// They do if at least half of them lie in folders within those of classes, two or more, in each
  /// of which the names have one form and end in numbers that follow each other: 0001.png, 0002.png
  /// and so on, four or more.
  package func noteOnFrames(beside part: ImageFolder) -> String? {
    let samples = samples + part.samples
    let start = folder.utf8.count + 1
    var folders: [Substring: [Substring]] = [:]
    for sample in samples where sample.path.hasPrefix(folder + "/") {
      guard let slash = sample.path.lastIndex(of: "/") else { continue }
      let place = sample.path[..<slash]
      if place.utf8.dropFirst(start).contains(UInt8(ascii: "/")) {
        folders[place, default: []].append(sample.path[slash...].dropFirst())
      }
    }
    let clips = folders.filter { Self.areNumbered($0.value) }
    let count = clips.values.reduce(0) { $0 + $1.count }
    guard clips.count > 1, 2 * count >= samples.count,
      let first = clips.keys.min(by: { precedesInBytes(String($0), String($1)) })
    else { return nil }
    return
      "\(folder): \(count) of \(samples.count) images are numbered in \(clips.count) folders, as "
      + "the frames of clips are (\(first)): then frames of one clip are in both parts; --frames "
      + "makes a model of clips"
  }

  private static func areNumbered(_ names: [Substring]) -> Bool {
    var forms: Set<String> = []
    var numbers: Set<Int> = []
    for name in names {
      let ending = ImageNames.ending(of: String(name))
      let stem = name.utf8.dropLast(ending.utf8.count)
      let digits = stem.reversed().prefix { (0x30...0x39).contains($0) }
      guard let number = Int(String(decoding: digits.reversed(), as: UTF8.self)) else {
        return false
      }
      forms.insert(String(decoding: stem.dropLast(digits.count), as: UTF8.self) + ending)
      numbers.insert(number)
    }
    guard let first = numbers.min(), let last = numbers.max() else { return false }
    return forms.count == 1 && names.count >= 4 && numbers.count == names.count
      && last - first + 1 == names.count
  }
}
