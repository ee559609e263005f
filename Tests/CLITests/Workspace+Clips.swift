import Foundation

extension Workspace {
  /// Writes six clips to train on and four to test on, of two classes: folders of frames.
  func writeClips() throws {
    for (split, count) in [("train", 3), ("val", 2)] {
      for (label, name) in ["down", "up"].enumerated() {
        for clip in 0..<count {
          for frame in 0..<5 {
            // The bright third wanders, and there is one more frame than two spans of two.
            let place = label == 0 ? frame % 3 : (8 - frame) % 3
            try writeImage("clips/\(split)/\(name)/\(clip)/\(frame).png", place)
          }
        }
      }
    }
  }

  /// `convit train` on them, of a small model.
  func trainOnClips(_ arguments: [String] = []) throws -> Outcome {
    try convit(
      [
        "train", "--data-path", "clips", "--output-dir", "run", "--model",
        "timesformer_tiny_patch16_224", "--frames", "2", "--frame-stride", "2", "--input-size",
        "12", "--patch-size", "4", "--heads", "2", "--head-dim", "4", "--depth", "1",
        "--batch-size", "3", "--epochs", "1", "--threads", "1",
      ] + arguments)
  }
}
