import Files

/// What a clip says of itself beyond its pixels.
struct ClipFacts: Hashable, Sendable {
  let format: String
  let count: Int
  let size: ImageSize
  let rate: Double?

  init(_ clip: any ClipFrames) {
    (format, count, size, rate) = (clip.format, clip.count, clip.size, clip.rate)
  }
}

/// What is in a folder of images, or of clips. Counts are of those that can be read.
package struct FolderReport: Hashable, Sendable, Codable {
  /// An image that cannot be read, or has something wrong with its file, and what that is.
  package struct BadImage: Hashable, Sendable, Codable {
    package let path, reason: String

    init(_ error: ImageError) { (path, reason) = (error.path, error.reason) }
  }

  package private(set) var images = 0
  /// The images that cannot be read, by folder and then by name.
  package internal(set) var bad: [BadImage] = []
  /// What is wrong with files of images that can be read all the same, as no pixel is missing.
  package internal(set) var notes: [BadImage] = []
  /// How many there are of each format: "PNG", "JPEG", "JPEG in gzip".
  package private(set) var formats: [String: Int] = [:]
  /// How many there are of each mode: "RGB", "gray 16-bit", …
  package private(set) var modes: [String: Int] = [:]
  /// How many there are of each size, "width × height" once upright.
  package private(set) var sizes: [String: Int] = [:]
  /// The sides of the image of the fewest pixels and of that of the most, [width, height].
  package private(set) var smallest: [Int] = []
  package private(set) var largest: [Int] = []
  /// How many have each EXIF orientation; "none" for those without.
  package private(set) var orientations: [String: Int] = [:]
  /// Of clips, the fewest and the most frames; of images nil.
  package private(set) var frames: [Int]?
  /// Of clips, how many there are of each rate in frames per second; "none" for those without.
  package private(set) var rates: [String: Int]?
  /// Images by split and class; the split is "" where there is no folder of one, and the class for
  /// images that are in none. Where only the Unicode form of names differs, letters beyond ASCII
  /// are numbers: caf\u{e9} and cafe\u{301}.
  package private(set) var classes: [String: [String: Int]] = [:]
  /// Images with the same bytes, as paths within the folder.
  package internal(set) var duplicates: [[String]] = []
  /// Other files, by extension; "" for those without one.
  package let others: [String: Int]

  enum CodingKeys: String, CodingKey {
    case images, bad, notes, formats, modes, sizes, smallest, largest, orientations, frames, rates,
      classes, duplicates
    case others = "other_files"
  }

  private var counts: [[UInt8]: [[UInt8]: Int]] = [:]  // by the bytes of split and class

  init(others: [String: Int]) { self.others = others }

  /// Adds an image of a split and a class, by the bytes of their names.
  mutating func add(
    _ header: ImageHeader, _ size: ImageSize, _ place: (split: [UInt8], class: [UInt8])
  ) {
    modes[header.mode, default: 0] += 1
    orientations[header.orientation.map(String.init) ?? "none", default: 0] += 1
    add(header.format, size, place)
  }

  /// Adds a clip of a split and a class.
  mutating func add(_ clip: ClipFacts, _ place: (split: [UInt8], class: [UInt8])) {
    let known = frames ?? [clip.count, clip.count]
    frames = [min(known[0], clip.count), max(known[1], clip.count)]
    let rate = clip.rate.map { "\(($0 * 100).rounded() / 100)" } ?? "none"
    rates = (rates ?? [:]).merging([rate: 1], uniquingKeysWith: +)
    add(clip.format, clip.size, place)
  }

  private mutating func add(
    _ format: String, _ size: ImageSize, _ place: (split: [UInt8], class: [UInt8])
  ) {
    let (width, height) = (size.width, size.height)
    images += 1
    formats[format, default: 0] += 1
    sizes["\(width) × \(height)", default: 0] += 1
    func pixels(_ sides: [Int]) -> Int { sides.reduce(1, *) }
    if smallest.isEmpty || width * height < pixels(smallest) { smallest = [width, height] }
    if largest.isEmpty || width * height > pixels(largest) { largest = [width, height] }
    counts[place.split, default: [:]][place.class, default: 0] += 1
  }

  /// Sets `classes`, when every image has been added.
  mutating func nameClasses() {
    classes = Self.named(counts).mapValues(Self.named)
  }

  private static func named<Value>(_ values: [[UInt8]: Value]) -> [String: Value] {
    let names = ClassNames.distinct(values.keys.map { String(decoding: $0, as: UTF8.self) })
    return Dictionary(zip(names, values.values), uniquingKeysWith: { first, _ in first })
  }
}
