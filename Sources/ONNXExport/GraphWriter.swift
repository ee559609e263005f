import Autodiff
import Foundation

/// Writes the operators of a pass as the nodes of an ONNX graph.
///
/// What the images have no part in is a constant: parameters under their names, and everything that
/// is computed of them alone, such as the positional attention of a GPSA layer, by its value.
struct GraphWriter {
  static let (input, output, batchAxis) = ("images", "logits", "N")

  /// The number of examples; nil if the graph takes any.
  let batch: Int?
  private let logits: Tensor.Identity
  private var nodes: [Onnx_NodeProto] = []
  private var initializers: [Onnx_TensorProto] = []
  private var taken: [String: Int] = [:]  // how often a name was asked for
  private var values: [Tensor.Identity: String] = [:]  // of what depends on the images
  private var constants: [Tensor.Identity: String] = [:]
  private let parameters: [Tensor.Identity: String]
  private var origins: [Tensor.Identity: String] = [:]  // what a constant is computed of
  private var integers: [[Int]: String] = [:]
  private var transposed: [String: String] = [:]
  private(set) var patches: [Tensor.Identity: (images: String, window: PatchWindow)] = [:]
  private(set) var byteCount = 0  // of the constants

  init(_ passes: PassPair, _ weights: ParameterStore, batch: Int?) throws(ExportError) {
    self.batch = batch
    logits = passes.logits.first.identity
    let named = zip(weights.values.map(\.identity), weights.tree.names)
    parameters = Dictionary(named) { first, _ in first }
    for name in [Self.input, Self.output] + weights.tree.names { taken[name] = 1 }
    values[passes.images.first.identity] = Self.input
    for step in passes.steps where values[step.output.first.identity] == nil {
      if try isComputed(step) {
        try write(step)
      } else {
        noteOrigin(step)
      }
    }
    if values[logits] != Self.output {
      let name = try name(of: passes.logits, in: "the model")
      add("Identity", [name], output: Self.output, attributes: [])
    }
  }

  /// Whether the graph has to compute a step: it depends on the images, or on their number. A part
  /// of a parameter it computes, too, so that the parameter is in the file as it is.
  private func isComputed(_ step: TracedStep) throws(ExportError) -> Bool {
    if step.inputs.contains(where: { values[$0.first.identity] != nil }) { return true }
    if case .slice = step.operation { return parameters[step.inputs[0].first.identity] != nil }
    return try step.sizes(of: step.output).contains {
      if case .examples = $0 { true } else { false }
    }
  }

  private mutating func noteOrigin(_ step: TracedStep) {
    let identity = step.output.first.identity
    guard parameters[identity] == nil, origins[identity] == nil else { return }
    let sources = step.inputs.compactMap { input in
      parameters[input.first.identity] ?? origins[input.first.identity]
    }
    origins[identity] = "\(sources.first ?? "constant").\(step.operation.title)"
  }

  // MARK: - Values

  /// The name of an operator's input; constants become initializers when they are asked for.
  mutating func name(of value: TracedValue, in operation: String) throws(ExportError) -> String {
    let identity = value.first.identity
    if let name = values[identity] ?? constants[identity] { return name }
    guard value.isConstant else {
      throw ExportError(
        "an input of '\(operation)' depends on the images or their number, and no operator tells "
          + "how"
      )
    }
    let name = parameters[identity] ?? unique(origins[identity] ?? "constant")
    constants[identity] = name
    addInitializer(
      name, value.first.shape.sizes, .float,
      value.first.withUnsafeBufferPointer { Data(buffer: $0) })
    return name
  }

  /// A constant number.
  mutating func number(_ number: Float) -> String {
    let name = "number \(number)"
    if taken.updateValue(1, forKey: name) == nil {
      addInitializer(
        name, [], .float, withUnsafeBytes(of: number.bitPattern.littleEndian) { Data($0) })
    }
    return name
  }

  /// A constant vector of whole numbers, for shapes, axes and places.
  mutating func integers(_ numbers: [Int]) -> String {
    if let name = integers[numbers] { return name }
    let name = unique("integers \(numbers.prefix(6).map(String.init).joined(separator: " "))")
    integers[numbers] = name
    let words = numbers.map { Int64($0).littleEndian }
    addInitializer(
      name, [numbers.count], .int64, words.withUnsafeBufferPointer { Data(buffer: $0) })
    return name
  }

  private mutating func addInitializer(
    _ name: String, _ sizes: [Int], _ type: Onnx_TensorProto.DataType, _ bytes: Data
  ) {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = sizes.map(Int64.init)
    tensor.dataType = Int32(type.rawValue)
    tensor.rawData = bytes
    byteCount += bytes.count
    initializers.append(tensor)
  }

  // MARK: - Nodes

  /// A node in the middle of an operator, and the name of its value.
  mutating func add(_ type: String, _ inputs: [String], _ attributes: NodeAttribute...) -> String {
    let name = unique(type)
    add(type, inputs, output: name, attributes: attributes)
    return name
  }

  /// The node that gives a step's value.
  mutating func finish(
    _ step: TracedStep, _ type: String, _ inputs: [String], _ attributes: NodeAttribute...
  ) {
    let identity = step.output.first.identity
    let name = identity == logits ? Self.output : unique(type)
    values[identity] = name
    add(type, inputs, output: name, attributes: attributes)
  }

  private mutating func add(
    _ type: String, _ inputs: [String], output: String, attributes: [NodeAttribute]
  ) {
    var node = Onnx_NodeProto()
    (node.opType, node.name) = (type, "\(output) of \(type)")
    (node.input, node.output) = (inputs, [output])
    node.attribute = attributes.map(\.message)
    nodes.append(node)
  }

  /// A matrix with its last two axes exchanged.
  mutating func transposed(_ name: String, rank: Int) -> String {
    if let known = transposed[name] { return known }
    let order = Array(0..<rank - 2) + [rank - 1, rank - 2]
    let result = add("Transpose", [name], .integers("perm", order))
    transposed[name] = result
    return result
  }

  /// Notes what patches were cut of, for the convolution that may follow.
  mutating func notePatches(_ step: TracedStep, of images: String, _ window: PatchWindow) {
    patches[step.output.first.identity] = (images, window)
  }

  private mutating func unique(_ name: String) -> String {
    let count = taken[name, default: 0]
    taken[name] = count + 1
    return count == 0 ? name : unique("\(name) \(count + 1)")
  }

  /// The graph, without what nothing is computed of.
  func graph(name: String, inputSizes: [Int], outputSizes: [AxisSize]) -> Onnx_GraphProto {
    var (needed, kept): (Set<String>, [Onnx_NodeProto]) = ([Self.output], [])
    for node in nodes.reversed() where node.output.contains(where: needed.contains) {
      needed.formUnion(node.input)
      kept.append(node)
    }
    var graph = Onnx_GraphProto()
    graph.name = name
    graph.node = kept.reversed()
    graph.initializer = initializers.filter { needed.contains($0.name) }
    let sizes = [.examples(1)] + inputSizes.map { AxisSize.fixed($0) }
    graph.input = [valueInfo(Self.input, sizes)]
    graph.output = [valueInfo(Self.output, outputSizes)]
    return graph
  }

  private func valueInfo(_ name: String, _ sizes: [AxisSize]) -> Onnx_ValueInfoProto {
    var info = Onnx_ValueInfoProto()
    info.name = name
    info.type.tensorType.elemType = Int32(Onnx_TensorProto.DataType.float.rawValue)
    info.type.tensorType.shape.dim = sizes.map { size in
      var dimension = Onnx_TensorShapeProto.Dimension()
      switch size {
      case .fixed(let count): dimension.dimValue = Int64(count)
      case .examples(let factor):
        if let batch {
          dimension.dimValue = Int64(factor * batch)
        } else {
          dimension.dimParam = factor == 1 ? Self.batchAxis : "\(factor)*\(Self.batchAxis)"
        }
      }
      return dimension
    }
    return info
  }
}
