import Foundation
import Images
import Recipes

/// Clips to train on in no time: 8 × 8 pixels, a bright bar that moves left or right in four
/// frames, each clip a folder of these.
struct ClipFolder {
  let path = NSTemporaryDirectory() + "clips-" + UUID().uuidString

  /// `count` clips of a class, the last `short` of them of two frames.
  init(training: Int = 6, validation: Int = 2, short: Int = 0) throws {
    for (split, count) in [("train", training), ("val", validation)] {
      for name in ["left", "right"] {
        for clip in 0..<count {
          let frames = split == "train" && clip >= count - short ? 2 : 4
          try write("\(split)/\(name)/\(clip)", frames: frames, towards: name, seed: clip)
        }
      }
    }
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }

  private func write(_ clip: String, frames: Int, towards: String, seed: Int) throws {
    try FileManager.default.createDirectory(
      atPath: "\(path)/\(clip)", withIntermediateDirectories: true)
    for frame in 0..<frames {
      let place = towards == "right" ? 2 * frame : 6 - 2 * frame
      let pixels = (0..<64).map { pixel in
        UInt8((place..<place + 2).contains(pixel % 8) ? 180 + 7 * seed : 20 + (pixel + seed) % 9)
      }
      try writePNG(gray: pixels, width: 8, height: 8, to: "\(path)/\(clip)/\(frame).png")
    }
  }

  /// A small model of three frames on them, with everything that draws random numbers.
  func configuration(_ run: String = "run") throws -> TrainingConfiguration {
    var c = TrainingConfiguration()
    (c.dataPath, c.outputDir) = (path, "\(path)/\(run)")
    (c.model, c.inputSize) = ("timesformer_tiny_patch16_224", InputSize("8")!)
    (c.patchSize, c.heads, c.headDim, c.depth, c.frames) = (4, 2, 4, 2, 3)
    (c.batchSize, c.epochs, c.warmupEpochs, c.logEvery) = (4, 1, 0, 1)
    (c.lr, c.unscaleLr) = (1e-3, true)
    return c
  }
}
