import Autodiff

extension GraphWriter {
  /// The nodes of an operator.
  mutating func write(_ step: TracedStep) throws(ExportError) {
    var names: [String] = []
    for input in step.inputs { names.append(try name(of: input, in: step.name)) }
    let x = names.first ?? ""
    switch step.operation {
    case .add: finish(step, "Add", names)
    case .subtract: finish(step, "Sub", names)
    case .multiply: finish(step, "Mul", names)
    case .divide: finish(step, "Div", names)
    case .scale(let factor): finish(step, "Mul", [x, number(factor)])
    case .shift(let number): finish(step, "Add", [x, self.number(number)])
    case .exp: finish(step, "Exp", [x])
    case .log: finish(step, "Log", [x])
    case .squareRoot: finish(step, "Sqrt", [x])
    case .squared: finish(step, "Mul", [x, x])
    case .sigmoid: finish(step, "Sigmoid", [x])
    case .tanh: finish(step, "Tanh", [x])
    case .relu: finish(step, "Relu", [x])
    case .gelu: finishGELU(step, x)
    case .linear: try finishLinear(step, names)
    case .linearGELU: finishGELU(step, add("Add", [product(step, names), names[2]]))
    case .linearOntoResidual:
      finish(step, "Add", [names[3], add("Add", [product(step, names), names[2]])])
    case .layerNorm(let epsilon):
      finish(
        step, "LayerNormalization", names, .integer("axis", -1), .number("epsilon", epsilon))
    case .matmul(let transposingFirst, let transposingSecond):
      let ranks = step.inputs.map(\.first.shape.rank)
      finish(
        step, "MatMul",
        [
          transposingFirst ? transposed(names[0], rank: ranks[0]) : names[0],
          transposingSecond ? transposed(names[1], rank: ranks[1]) : names[1],
        ])
    case .softmax(let scale):
      let scaled = scale == 1 ? x : add("Mul", [x, number(scale)])
      finish(step, "Softmax", [scaled], .integer("axis", -1))
    case .logSoftmax: finish(step, "LogSoftmax", [x], .integer("axis", -1))
    case .sum(let axis):
      let keeps = step.output.first.shape.rank == step.inputs[0].first.shape.rank
      finish(
        step, "ReduceSum", [x] + (axis.map { [integers([$0])] } ?? []),
        .integer("keepdims", keeps ? 1 : 0))
    case .max(let axis):
      finish(step, "ReduceMax", [x], .integers("axes", [axis]), .integer("keepdims", 0))
    case .reshape, .broadcast, .permute, .slice, .concatenate, .gather, .patches:
      try writeLayout(step, names)
    case .attention, .attentionWeights, .blend, .other:
      throw ExportError("the operator '\(step.name)' has no counterpart in ONNX")
    }
  }

  /// x · Φ(x) = ½ · x · (1 + erf(x / √2)).
  private mutating func finishGELU(_ step: TracedStep, _ x: String) {
    let error = add("Erf", [add("Mul", [x, number(Float(0.5).squareRoot())])])
    finish(step, "Mul", [add("Mul", [x, number(0.5)]), add("Add", [error, number(1)])])
  }

  /// x · Wᵀ of the first two inputs, for a weight of two axes.
  private mutating func product(_ step: TracedStep, _ names: [String]) -> String {
    add("MatMul", [names[0], transposed(names[1], rank: 2)])
  }

  /// x · Wᵀ + b; of patches, with the weight of a convolution, it is that convolution.
  private mutating func finishLinear(
    _ step: TracedStep, _ names: [String]
  ) throws(ExportError) {
    let weight = step.inputs[1].first.shape
    guard weight.rank == 2 else { return try finishConvolution(step, names) }
    guard names.count == 3 else {
      return finish(step, "MatMul", [names[0], transposed(names[1], rank: 2)])
    }
    finish(step, "Add", [product(step, names), names[2]])
  }

  private mutating func finishConvolution(
    _ step: TracedStep, _ names: [String]
  ) throws(ExportError) {
    let weight = step.inputs[1].first.shape
    guard let (images, window) = patches[step.inputs[0].first.identity], weight.rank == 4,
      weight[2] == window.size, weight[3] == window.size
    else {
      let width = step.inputs[0].first.shape[-1]
      let matrix = add("Reshape", [names[1], integers([weight[0], width])])
      let y = [names[0], transposed(matrix, rank: 2)]
      guard names.count == 3 else { return finish(step, "MatMul", y) }
      return finish(step, "Add", [add("MatMul", y), names[2]])
    }
    let map = add(
      "Conv", [images] + names.dropFirst(),
      .integers("kernel_shape", [window.size, window.size]),
      .integers("strides", [window.stride, window.stride]),
      .integers("pads", [Int](repeating: window.padding, count: 4)))
    let sizes = try step.sizes(of: step.output)
    let rows = add("Reshape", [map, try shape([sizes[0], sizes[2], sizes[1]])])
    finish(step, "Transpose", [rows], .integers("perm", [0, 2, 1]))
  }
}

extension TracedOperation {
  /// What it is called in the name of a constant: `softmax`.
  var title: String { String("\(self)".prefix { $0 != "(" }) }
}
