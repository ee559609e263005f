import Files
import Safetensors

/// The pickle of a checkpoint, and where the storages are that it refers to.
struct TorchLayout {
  let pickle: Pickle
  private let places: [String: Range<Int>]  // of storages, by their keys

  /// The bytes of a storage, if all of it is in the file.
  func place(of storage: StorageReference) -> Range<Int>? {
    guard let place = places[storage.key] else { return nil }
    let (count, isHuge) = storage.count.multipliedReportingOverflow(by: storage.type.byteCount)
    return isHuge || count > place.count ? nil : place
  }

  init(of file: RegularFile) throws {
    if let directory = Self.zipDirectory(of: file) {
      try self.init(zip: file, directory)
    } else if Self.isLegacy(file) {
      try self.init(legacy: file)
    } else {
      let start = try file.bytes(at: 0, count: min(512, file.size))
      let kind = FileKind(of: file, start: start)
      let found = kind.map { ", found \($0.name); \($0.advice)" }
      throw TensorFileError(
        path: file.path, reason: "expected a PyTorch checkpoint" + (found ?? ""))
    }
  }
}

// The zip form: ARCHIVE/data.pkl, and a storage in each of ARCHIVE/data/KEY.
extension TorchLayout {
  static func zipDirectory(of file: RegularFile) -> ZipDirectory? {
    guard let start = try? file.bytes(at: 0, count: min(4, file.size)),
      start == Array("PK\u{3}\u{4}".utf8), let directory = try? ZipDirectory(of: file)
    else { return nil }
    let hasPickle = directory.entries.contains {
      $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl")
    }
    return hasPickle ? directory : nil
  }

  private init(zip file: RegularFile, _ directory: ZipDirectory) throws {
    func refuse(_ reason: String) -> TensorFileError {
      TensorFileError(path: file.path, reason: reason)
    }
    let kind = FileKind(zip: directory)
    guard kind.isCheckpoint else {
      throw refuse("expected a PyTorch checkpoint, found \(kind.name); \(kind.advice)")
    }
    let entries = try directory.places(in: file)
    let pickles = entries.keys.filter { $0.hasSuffix("/data.pkl") || $0 == "data.pkl" }
    guard pickles.count == 1, let name = pickles.first, let range = entries[name] else {
      throw refuse("\(pickles.count) entries of the archive are called data.pkl")
    }
    let folder = name.dropLast("data.pkl".count)
    if let order = entries["\(folder)byteorder"] {
      let text = String(
        decoding: try file.bytes(at: order.lowerBound, count: min(order.count, 16)), as: UTF8.self)
      guard text == "little" else {
        throw refuse("its numbers are '\(text.printable())'-endian, expected 'little'")
      }
    }
    var bytes = PickleBytes(file, range)
    pickle = try Pickle(reading: &bytes)
    let storages = "\(folder)data/"
    places = entries.reduce(into: [:]) { places, entry in
      if entry.key.hasPrefix(storages) {
        places[String(entry.key.dropFirst(storages.count))] = entry.value
      }
    }
  }
}

// The older form: pickles of a magic number, a version, the machine, the content and the keys of
// the storages, then of each storage the number of its elements in 64 bits, and these.
extension TorchLayout {
  /// 0x1950a86a20f9469cfc6c, as protocols 2 and 3 write it.
  private static let magic: [UInt8] = [
    0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]
  private static let version = 1001

  static func isLegacy(_ file: RegularFile) -> Bool {
    guard let start = try? file.bytes(at: 0, count: min(32, file.size)), start.count == 32,
      start[0] == 0x80
    else { return false }
    // From protocol 4 on, a FRAME of 9 bytes is in between.
    return start[2...].starts(with: magic) || (start[2] == 0x95 && start[11...].starts(with: magic))
  }

  private init(legacy file: RegularFile) throws {
    func refuse(_ reason: String) -> TensorFileError {
      TensorFileError(path: file.path, reason: reason)
    }
    var bytes = PickleBytes(file, 0..<file.size)
    _ = try Pickle(reading: &bytes)
    let version = try Pickle(reading: &bytes)
    guard case .integer(Self.version) = version.root else {
      throw refuse("expected version \(Self.version) of PyTorch's older form")
    }
    let machine = try Pickle(reading: &bytes)
    if case .bool(false)? = machine.heap.value(of: "little_endian", in: machine.root) {
      throw refuse("its numbers are big-endian, expected little-endian ones")
    }
    pickle = try Pickle(reading: &bytes)
    let last = try Pickle(reading: &bytes)
    guard let keys = last.heap.items(of: last.root)?.compactMap(last.heap.text) else {
      throw refuse("expected a list of the storages, found \(last.heap.description(of: last.root))")
    }
    var sizes: [String: Int] = [:]
    for storage in pickle.heap.storages {
      let size = sizes.updateValue(storage.type.byteCount, forKey: storage.key)
      guard size == nil || size == storage.type.byteCount else {
        throw refuse("the storage '\(storage.key.printable(limit: 60))' has two types")
      }
    }
    var (places, position): ([String: Range<Int>], Int) = ([:], bytes.position)
    for key in keys {
      let name = "the storage '\(key.printable(limit: 60))'"
      guard let size = sizes[key] else { throw refuse("\(name) is of no tensor") }
      guard file.size - position >= 8 else { throw refuse("\(name) is not there; cut short?") }
      let header = try file.bytes(at: position, count: 8)
      let count = header.number(at: 0, 8)
      position += 8
      guard let count = Int(exactly: count), count <= (file.size - position) / size else {
        throw refuse(
          "\(name) has \(count) elements of \(size) bytes, but \(file.size - position) bytes "
            + "follow; cut short?")
      }
      places[key] = position..<position + count * size
      position += count * size
    }
    self.places = places
  }
}
