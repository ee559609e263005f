import ArgumentParser
import Recipes

/// The flags of `convit train` that take something away from the model.
struct AblationFlags: SettingFlags {
  @Option(
    .name(
      "Gates between content and position: trained, frozen, or absent (summed before the "
        + "softmax). (default: trained)"))
  var gate: AblationSettings.Gate?
  @Option(.number("The gates' λ at the start. (default: 1)")) var gateStart: Float?
  @Flag(onOff: "Start GPSA as a convolution, or else at random. (default: on)") var localInit: Bool?
  @Flag(onOff: "Leave all of the GPSA layers as it starts. (default: off)") var freezeGpsa: Bool?
  @Flag(onOff: "Learn a position embedding. (default: on)") var posEmbed: Bool?
}

extension AblationSettings.Gate: ExpressibleByArgument {}
