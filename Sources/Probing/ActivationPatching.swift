import Autodiff
import ConViT

/// Activation patching (causal tracing; Meng et al. 2022, arXiv:2202.05262): what tells two images
/// apart, layer by layer and place by place. Values of a pass over one image, the `source`, take
/// the place of those of the other, the `target`, and the answer moves from that of the target
/// towards that of the source.
///
/// ```swift
/// let patching = try ActivationPatching(from: cat, to: dog, of: model, FrozenWeights(weights))
/// let line = patching.line(ofLayer: 3, on: pool)
/// print(line.patches, line.patch.max()!)
/// ```
///
/// The answer is the difference of two logits, those of the classes that the model names for the
/// two images, and each number the share of it that comes back: 0 as for the target, 1 as for the
/// source.
public struct ActivationPatching: Sendable {
  /// Which values of a block are patched.
  public enum Place: String, Sendable, CaseIterable {
    /// The stream behind the block.
    case output
    /// What its attention adds.
    case attention
    /// What its MLP adds.
    case mlp

    func name(inLayer layer: Int) -> String {
      let name =
        switch self {
        case .output: "output"
        case .attention: "attn.added"
        case .mlp: "mlp.added"
        }
      return "blocks.\(layer).\(name)"
    }
  }

  /// What comes back in a layer.
  public struct Line: Sendable, Hashable, Codable {
    /// The layer, from 0.
    public let layer: Int
    /// With all tokens patched.
    public let all: Double
    /// With the class token, and other tokens in front of the patches; nil where there are none.
    public let frontTokens: Double?
    /// With all patches of the image.
    public let patches: Double
    /// With one patch of the image, for each of them, row by row.
    public let patch: [Double]

    enum CodingKeys: String, CodingKey {
      case layer, all, patches, patch
      case frontTokens = "front_tokens"
    }
  }

  /// The classes that the model names for the two images.
  public let classes: (source: Int, target: Int)
  /// The logit of the source's class less that of the target's, for each image.
  public let differences: (source: Float, target: Float)
  /// Which values are patched.
  public let place: Place
  private let model: VisionTransformer
  private let weights: FrozenWeights
  private let target: Tensor
  private let values: [Tensor]  // of the source, by layer

  /// From a source to a target, images [channels, height, width] as the model takes them.
  ///
  /// - Parameters:
  ///   - source: the image whose values are put in.
  ///   - target: the image whose values are replaced.
  ///   - model: what sees both.
  ///   - weights: its weights.
  ///   - place: which values are patched.
  ///   - className: what a class is called in an error.
  /// - Throws: `InputError` if the model names the same class for both, or its logits are no
  ///   numbers.
  public init(
    from source: Tensor, to target: Tensor, of model: VisionTransformer, _ weights: FrozenWeights,
    at place: Place = .output, className: (Int) -> String = { "\($0)" }
  ) throws(InputError) {
    for (name, image) in [("source", source), ("target", target)] {
      checkPrecondition(
        image.shape == model.input,
        "ActivationPatching: the \(name) is \(image.shape), expected \(model.input)")
    }
    let images = [source, target].map { $0.reshaped([1] + model.input) }
    let names = model.blocks.indices.map { place.name(inLayer: $0) }
    let pool = WorkerPool(threads: 1)
    let (first, values) = model.values(at: names, of: images[0], weights, on: pool) { $0.value }
    let second = model.logits(of: images[1], weights, on: pool)
    guard (first.elements + second.elements).allSatisfy(\.isFinite) else {
      throw InputError(message: "the logits that the model gives of the images are no numbers")
    }
    classes = (first.argmax()[0], second.argmax()[0])
    guard classes.source != classes.target else {
      throw InputError(
        message: "the model names the same class for both images, \(className(classes.source)); "
          + "patching needs two that it tells apart")
    }
    (self.model, self.weights, self.place) = (model, weights, place)
    (self.target, self.values) = (images[1], values.map { $0[0] })
    let (a, b) = classes
    differences = (first[0, a] - first[0, b], second[0, a] - second[0, b])
  }

  /// What comes back in a layer; the target goes through the model once for each patch, and three
  /// times more.
  public func line(ofLayer layer: Int, on pool: WorkerPool) -> Line {
    checkPrecondition(
      values.indices ~= layer,
      "ActivationPatching: layer \(layer) of \(values.count), which are 0 to \(values.count - 1)")
    let (value, name) = (values[layer], place.name(inLayer: layer))
    let (rows, front) = (value.shape[-2], value.shape[-2] - model.configuration.grid.count)
    let patched = [0..<rows, 0..<front, front..<rows] + (front..<rows).map { $0..<$0 + 1 }
    let shares = pool.map(patched) { rows in
      guard !rows.isEmpty else { return 0.0 }
      let changed = weights.changing(.patch(name, with: value, rows: rows))
      return share(model(Tape(changed).constant(target)).value)
    }
    return Line(
      layer: layer, all: shares[0], frontTokens: front > 0 ? shares[1] : nil, patches: shares[2],
      patch: Array(shares[3...]))
  }

  private func share(_ logits: Tensor) -> Double {
    let difference = logits[0, classes.source] - logits[0, classes.target]
    return Double((difference - differences.target) / (differences.source - differences.target))
  }
}
