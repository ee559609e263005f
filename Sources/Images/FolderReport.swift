import Files

/// What is in a folder of images. Counts are of the images that can be read.
public struct FolderReport: Hashable, Sendable, Codable {
  /// An image that cannot be read, or has something wrong with its file, and what that is.
  public struct BadImage: Hashable, Sendable, Codable {
    /// The file.
    public let path: String
    /// What is wrong with it.
    public let reason: String
  }

  /// Images that can be read.
  public private(set) var images = 0
  /// The images that cannot be read, by folder and then by name.
  public private(set) var bad: [BadImage] = []
  /// What is wrong with files of images that can be read all the same, as no pixel is missing.
  public private(set) var notes: [BadImage] = []
  /// How many there are of each format: "PNG", "JPEG", "JPEG in gzip".
  public private(set) var formats: [String: Int] = [:]
  /// How many there are of each mode: "RGB", "gray 16-bit", …
  public private(set) var modes: [String: Int] = [:]
  /// How many there are of each size, "width × height" once upright.
  public private(set) var sizes: [String: Int] = [:]
  /// The sides of the smallest and of the largest image by pixels, [width, height].
  public private(set) var smallest: [Int] = []
  /// The sides of the image of the most pixels, [width, height].
  public private(set) var largest: [Int] = []
  /// How many have each EXIF orientation; "none" for those without.
  public private(set) var orientations: [String: Int] = [:]
  /// Images by split and class; the split is "" where there is no folder of one, and the class for
  /// images that are in none. Where only the Unicode form of names differs, letters beyond ASCII
  /// are numbers: caf\u{e9} and cafe\u{301}.
  public private(set) var classes: [String: [String: Int]] = [:]
  /// Images with the same bytes, as paths within the folder.
  public internal(set) var duplicates: [[String]] = []
  /// Other files, by extension; "" for those without one.
  public let others: [String: Int]

  /// The names in JSON.
  enum CodingKeys: String, CodingKey {
    case images, bad, notes, formats, modes, sizes, smallest, largest, orientations, classes,
      duplicates
    case others = "other_files"
  }

  private var splits: [String] = []  // the paths of their folders, longer ones first
  private var counts: [[UInt8]: [[UInt8]: Int]] = [:]  // by the bytes of split and class

  init(others: [String: Int], splits: [String]) {
    self.others = others
    self.splits = splits.sorted { $0.utf8.count > $1.utf8.count }
  }

  mutating func add(_ error: ImageError) {
    bad.append(BadImage(path: error.path, reason: error.reason))
  }

  mutating func add(note: ImageError) {
    notes.append(BadImage(path: note.path, reason: note.reason))
  }

  /// Adds an image, of the class that its path within the folder says.
  mutating func add(_ header: ImageHeader, width: Int, height: Int, path: String) {
    let split = splits.first { path.utf8.starts(with: "\($0)/".utf8) } ?? ""
    let parts = path.utf8.dropFirst(split.isEmpty ? 0 : split.utf8.count + 1)
      .split(separator: UInt8(ascii: "/"))
    let name = parts.count > 1 ? parts.first.map(Array.init) ?? [] : []
    add(header, width: width, height: height, split: Array(split.utf8), class: name)
  }

  /// Adds an image of a split and a class, by the bytes of their names.
  mutating func add(
    _ header: ImageHeader, width: Int, height: Int, split: [UInt8], class name: [UInt8]
  ) {
    images += 1
    formats[header.format, default: 0] += 1
    modes[header.mode, default: 0] += 1
    sizes["\(width) × \(height)", default: 0] += 1
    orientations[header.orientation.map(String.init) ?? "none", default: 0] += 1
    func pixels(_ sides: [Int]) -> Int { sides.reduce(1, *) }
    if smallest.isEmpty || width * height < pixels(smallest) { smallest = [width, height] }
    if largest.isEmpty || width * height > pixels(largest) { largest = [width, height] }
    counts[split, default: [:]][name, default: 0] += 1
  }

  /// Sets `classes`, when every image has been added.
  mutating func nameClasses() {
    classes = Self.named(counts).mapValues(Self.named)
  }

  private static func named<Value>(_ values: [[UInt8]: Value]) -> [String: Value] {
    let keys = Array(values.keys)
    let names = ClassNames.distinct(keys.map { String(decoding: $0, as: UTF8.self) })
    return Dictionary(
      zip(names, keys.compactMap { values[$0] }), uniquingKeysWith: { first, _ in first })
  }
}
