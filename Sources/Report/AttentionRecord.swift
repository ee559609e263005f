import Files
import Foundation
import Locality

/// The attention maps that a run has recorded: the folder `attention`.
struct AttentionRecord {
  private let index: String
  private let frames: [(epochs: Int, images: [String])]
  private let pictures: [String]

  /// Bytes of maps that a page takes at most; of a longer record, frames at even distances stay.
  static let limit = 48 << 20

  init?(_ folder: String) throws {
    let path = "\(folder)/\(AttentionIndex.fileName)"
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    guard let found = try? JSONDecoder().decode(AttentionIndex.self, from: data) else {
      throw FileError(path: path, reason: "not the index of recorded attention maps")
    }
    guard !found.epochs.isEmpty else { return nil }  // a run that has just begun
    func picture(_ name: String) throws -> String {
      guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
        throw FileError(path: "\(folder)/\(name)", reason: "missing, though the index has it")
      }
      return Page.address(ofPNG: data)
    }
    index = String(decoding: data, as: UTF8.self)
    pictures = try found.images.indices.map { try picture(AttentionIndex.image($0)) }
    let frames = try found.epochs.map { epochs in
      (
        epochs,
        try found.images.indices.map { try picture(AttentionIndex.maps(of: $0, after: epochs)) }
      )
    }
    let bytes = frames.reduce(0) { $0 + $1.1.reduce(0) { $0 + $1.utf8.count } }
    let room = max(2, frames.count * Self.limit / max(bytes, 1))
    self.frames = frames.enumerated().filter { place, _ in
      guard frames.count > room else { return true }
      let scale = Double(room - 1) / Double(frames.count - 1)
      // The first, the last, and those at which the count of kept ones goes up.
      return place == 0 || Int(Double(place) * scale) > Int(Double(place - 1) * scale)
    }.map(\.element)
  }

  var json: String {
    let frames = frames.map { frame in
      "{\"epochs\":\(frame.epochs),\"images\":[\(frame.images.map(quoted).joined(separator: ","))]}"
    }
    return "{\"index\":\(index),\"frames\":[\(frames.joined(separator: ","))],"
      + "\"pictures\":[\(pictures.map(quoted).joined(separator: ","))]}"
  }
}
