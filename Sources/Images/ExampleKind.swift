import Files

/// What the examples of a data set are.
package enum ExampleKind: Sendable {
  case images
  /// Files of clips, and folders of frames.
  case clips

  /// "image", "clip".
  package var singular: String { self == .images ? "image" : "clip" }

  /// "images", "clips".
  package var plural: String { singular + "s" }

  /// "1 clip", "3 clips".
  package func counted(_ count: Int) -> String { Files.counted(count, singular, plural) }

  /// What the files hold that are read: "PNG, JPEG or WebP".
  var readNames: String { self == .images ? ImageFormat.readNames : "clips" }

  /// Both in one.
  var described: String { self == .images ? "\(readNames) images" : plural }

  /// What to say where files lie that are examples of the other kind.
  func advice(on endings: some Sequence<String>) -> String? {
    let areImages = endings.contains(where: ImageNames.isEnding)
    switch self {
    case .images:
      return endings.contains(where: ClipNames.isEnding)
        ? "clips are for models of clips, such as timesformer_tiny_patch16_224" : nil
    case .clips:
      return areImages
        ? "images are for models of images, such as vit_tiny_patch16_224; the frames of a clip lie "
          + "in a folder of its own, <class>/<clip>/<frame>" : nil
    }
  }

  /// Whether the file of this name in a folder is one.
  func isExample(_ name: String, in folder: String) -> Bool {
    self == .images
      ? ImageNames.isImage(name, in: folder) : ClipNames.isClip(name, in: folder)
  }
}
