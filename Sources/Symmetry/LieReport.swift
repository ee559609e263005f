/// The errors that ``LieDerivative`` measures, motion by motion; nil where nothing varies or no
/// patch is away from the border.
package struct LieReport: Codable, Sendable {
  package struct Motion: Codable, Sendable {
    package let name: ImageMotion
    /// What errors are by: `pixel`.
    package let unit: String
    /// h, in this unit.
    package let step: Double
    package let logits: Double?
    /// Of the patches that go into the first layer.
    package let stem: Double?
    package let layers: [Layer]
  }

  package struct Layer: Codable, Sendable {
    package let layer: Int
    package let kind: String
    /// Of the layer's patches, through all layers up to it.
    package let patches: Double?
    /// Of the tokens in front of them.
    package let tokens: Double?
    /// Of what this layer adds to its patches, with the input moved: of this layer alone.
    package let own: Double?
    /// The mean share of position in the heads' attention; nil without gates.
    package let gate: Double?
  }

  package let images: Int
  package let boundary: ImageMotion.Boundary
  package let motions: [Motion]
}
