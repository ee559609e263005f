import ArgumentParser
import Recipes

/// The flags of `convit train` that take something away from the model.
struct AblationFlags: SettingFlags {
  @Option(
    help: .name(
      "Gates between content and position: trained, frozen, or absent (summed before the softmax). "
        + "(default: trained)"))
  var gate: AblationSettings.Gate?
  @Option(help: .number("The gates' λ at the start. (default: 1)")) var gateStart: Float?
  @Flag(
    inversion: .prefixedNo, help: "Start GPSA as a convolution, or else at random. (default: on)")
  var localInit: Bool?
  @Flag(
    inversion: .prefixedNo, help: "Leave all of the GPSA layers as it starts. (default: off)")
  var freezeGpsa: Bool?
  @Flag(inversion: .prefixedNo, help: "Learn a position embedding. (default: on)")
  var posEmbed: Bool?
}

extension AblationSettings.Gate: ExpressibleByArgument {}
