import Autodiff
import ConViT
import Files
import Foundation
import Images
import Testing
import Training

extension NewcomerTests {
  /// Mistakes in what comes from outside, which are errors.
  static let thrown: [Mistake] = [
    Mistake(
      "a preset's name with a slip",
      says: "no model is called 'deit_tiny_patch16'. Did you mean 'deit_tiny_patch16_224'?"
    ) { _ = try Preset.named("deit_tiny_patch16") },
    Mistake(
      "patches that do not divide the image",
      says: "the patch size 15 does not divide the image size 224 × 224"
    ) {
      var configuration = try ViTConfiguration.preset(of: "deit_tiny_patch16_224")
      configuration.patchSize = 15
      _ = try VisionTransformer(configuration)
    },
    Mistake("a file that is not there", says: "best.pth: cannot open: No such file or directory") {
      _ = try SavedModel(contentsOf: "best.pth")
    },
    Mistake("a folder without classes", says: "/usr: no folder train beside") {
      _ = try ImageFolder(root: "/usr", split: "train")
    },
  ]
}
