import Autodiff
import ConViT

/// Where the parts of a block that can go as a whole, its heads or its hidden units, have their
/// numbers.
struct PartSlices {
  /// Of one parameter: along `axis` there are `groups` runs, one behind the other, of `width`
  /// numbers for each part, such as queries, keys and values.
  struct Slice {
    let parameter: Parameter
    let axis: Int
    let groups: Int
    let width: Int
  }

  /// The number of parts.
  let count: Int
  let slices: [Slice]

  /// The heads of an attention.
  ///
  /// - Throws: `ConfigurationError` for one of another kind than those of this package.
  init(headsOf attention: any Attention) throws(ConfigurationError) {
    var slices: [Slice] = []
    func add(_ linear: Linear, groups: Int, width: Int) {
      for parameter in [linear.weight, linear.bias].compactMap(\.self) {
        slices.append(Slice(parameter: parameter, axis: 0, groups: groups, width: width))
      }
    }
    count = attention.heads
    let proj: Linear
    let width: Int
    switch attention {
    case let mhsa as MHSA:
      (proj, width) = (mhsa.proj, mhsa.proj.weight.shape[1] / count)
      add(mhsa.qkv, groups: 3, width: width)
    case let positional as any PositionalAttention:
      (proj, width) = (positional.proj, positional.proj.weight.shape[1] / count)
      add(positional.qk, groups: 2, width: width)
      add(positional.v, groups: 1, width: width)
      add(positional.posProj, groups: 1, width: 1)
      if let gates = positional.gateLogits {
        slices.append(Slice(parameter: gates, axis: 0, groups: 1, width: 1))
      }
    default:
      throw ConfigurationError(
        message: "heads of an attention of the kind \(attention.kind) cannot be removed: only "
          + "those of mhsa, gpsa and psa")
    }
    slices.append(Slice(parameter: proj.weight, axis: 1, groups: 1, width: width))
    self.slices = slices
  }

  /// The hidden units of a perceptron.
  init(unitsOf mlp: MLP) {
    count = mlp.fc1.weight.shape[0]
    slices =
      [mlp.fc1.weight, mlp.fc1.bias].compactMap(\.self).map {
        Slice(parameter: $0, axis: 0, groups: 1, width: 1)
      } + [Slice(parameter: mlp.fc2.weight, axis: 1, groups: 1, width: 1)]
  }

  /// The heads and the hidden units of each block.
  ///
  /// - Throws: `ConfigurationError` for an attention of another kind than those of this package.
  static func all(
    of model: VisionTransformer
  ) throws(ConfigurationError) -> (heads: [PartSlices], units: [PartSlices]) {
    var heads: [PartSlices] = []
    for block in model.blocks { heads.append(try PartSlices(headsOf: block.attn)) }
    return (heads, model.blocks.map { PartSlices(unitsOf: $0.mlp) })
  }

  /// Where the weights are that take what a part gives.
  var behind: Slice { slices[slices.count - 1] }

  /// The derivatives of a loss by a factor on what each part gives: Σ w · ∂L/∂w behind it.
  func gateDerivatives(_ weights: ParameterStore, _ gradients: Gradients) -> [Double] {
    products(of: [behind]) { (weights[$0], gradients[$0]) }
  }

  /// The squared norm of all weights of each part; biases, positions and gates do not count.
  func squaredNorms(_ weights: ParameterStore) -> [Double] {
    products(of: slices) { (weights[$0], weights[$0]) }
  }

  /// The same of Σ w · ∂L/∂w, squared: of what the loss changes by where a part goes.
  func squaredSaliencies(_ weights: ParameterStore, _ gradients: Gradients) -> [Double] {
    products(of: slices) { (weights[$0], gradients[$0]) }.map { $0 * $0 }
  }

  /// For each part the sum of the products of two tensors, of all of its weights.
  private func products(
    of slices: [Slice], _ tensors: (Parameter) -> (Tensor, Tensor)
  ) -> [Double] {
    var sums = Array(repeating: 0.0, count: count)
    for slice in slices where slice.parameter.kind == .weight {
      let (a, b) = tensors(slice.parameter)
      let (length, stride) = (a.shape[slice.axis], a.shape.strides[slice.axis])
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          for place in a.indices {
            let part = place / stride % length / slice.width % count
            sums[part] += Double(a[place]) * Double(b[place])
          }
        }
      }
    }
    return sums
  }
}

extension PartSlices.Slice {
  /// Along the axis, the places of some of `count` parts.
  func places(of parts: [Int], among count: Int) -> [Int] {
    (0..<groups).flatMap { group in
      parts.flatMap { part in
        let first = (group * count + part) * width
        return first..<first + width
      }
    }
  }
}
