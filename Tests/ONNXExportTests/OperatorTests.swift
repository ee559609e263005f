import Autodiff
import ConViT
import SwiftProtobuf
import Testing

@testable import ONNXExport

/// Which nodes the engine's operators become, one model an operator.
@Suite struct OperatorTests {
  /// Four numbers an example, [B, 2, 2].
  private struct Function: Model {
    let input: Shape = [2, 2]
    let weight = Parameter([2, 2], kind: .weight, initial: .identity)
    let body: @Sendable (Variable, Variable) -> Variable
    func callAsFunction(_ x: Variable) -> Variable { body(x, x.tape[weight]) }
  }

  private func nodes(
    _ body: @escaping @Sendable (_ x: Variable, _ weight: Variable) -> Variable
  ) throws -> [String] {
    let model = Function(body: body)
    let weights = ParameterStore(model, seed: 0)
    let passes = try PassPair(model, weights)
    let writer = try GraphWriter(passes, weights, batch: nil)
    return writer.graph(name: "", inputSizes: [2, 2], outputSizes: []).node.map(\.opType)
  }

  @Test func elementwise() throws {
    #expect(try nodes { x, w in x + w } == ["Add"])
    #expect(try nodes { x, w in x - w } == ["Sub"])
    #expect(try nodes { x, w in x * w } == ["Mul"])
    #expect(try nodes { x, w in x / w } == ["Div"])
    #expect(try nodes { x, _ in 1 - x } == ["Mul", "Add"])
    #expect(try nodes { x, _ in x.exp() } == ["Exp"])
    #expect(try nodes { x, _ in x.log() } == ["Log"])
    #expect(try nodes { x, _ in x.squareRoot() } == ["Sqrt"])
    #expect(try nodes { x, _ in x.squared() } == ["Mul"])
    #expect(try nodes { x, _ in x.sigmoid() } == ["Sigmoid"])
    #expect(try nodes { x, _ in x.tanh() } == ["Tanh"])
    #expect(try nodes { x, _ in x.relu() } == ["Relu"])
    #expect(try nodes { x, _ in x.gelu() } == ["Mul", "Erf", "Mul", "Add", "Mul"])
  }

  @Test func products() throws {
    #expect(try nodes { x, w in x.linear(w) } == ["Transpose", "MatMul"])
    #expect(
      try nodes { x, w in x.linear(w, bias: w.sum(0)) } == ["Transpose", "MatMul", "Add"])
    #expect(try nodes { x, w in x.matmul(w) } == ["MatMul"])
    #expect(
      try nodes { x, _ in x.matmul(x, transposingSelf: true, transposingOther: true) }
        == ["Transpose", "MatMul"])
  }

  @Test func reductionsAndSoftmax() throws {
    #expect(try nodes { x, _ in x.sum(1) } == ["ReduceSum"])
    #expect(try nodes { x, _ in x.mean(-1, keepingAxis: true) } == ["ReduceSum", "Mul"])
    #expect(try nodes { x, _ in x.max(2) } == ["ReduceMax"])
    #expect(try nodes { x, _ in x.softmax() } == ["Softmax"])
    #expect(try nodes { x, _ in x.softmax(scale: 2) } == ["Mul", "Softmax"])
    #expect(try nodes { x, _ in x.logSoftmax() } == ["LogSoftmax"])
    #expect(
      try nodes { x, w in x.layerNorm(w.sum(0), bias: w.sum(1)) } == ["LayerNormalization"])
  }

  @Test func layout() throws {
    #expect(try nodes { x, _ in x.permuted(0, 2, 1) } == ["Transpose"])
    #expect(try nodes { x, _ in x.sliced(1, 0..<1) } == ["Slice"])
    #expect(try nodes { x, _ in x.gathered(2, [1, 1, 0]) } == ["Gather"])
    #expect(try nodes { x, _ in x.concatenated(x, -1) } == ["Concat"])
    #expect(try nodes { x, _ in x.reshaped([x.shape[0], 4]) } == ["Reshape"])
    #expect(
      try nodes { x, w in w.broadcast(to: x.shape) * x } == ["Shape", "Concat", "Expand", "Mul"])
    #expect(
      try nodes { x, _ in x.reshaped([x.shape[0], 1, 2, 2]).patches(2) }
        == ["Reshape", "Reshape", "Transpose", "Reshape"])
  }

  /// Queries, keys and values are columns of one projection here, whose heads are set apart once.
  @Test func attention() throws {
    let plain = ["Reshape", "Transpose", "Mul", "Transpose", "Transpose", "MatMul"]
    let seen = ["Softmax", "Transpose", "MatMul", "Transpose", "Reshape"]
    @Sendable func heads(_ x: Variable) -> Heads { Heads(x, count: 2, size: 1) }
    #expect(
      try nodes { x, _ in .attention(heads(x), heads(x), heads(x)) } == plain + seen)
    #expect(
      try nodes { x, w in
        .attention(heads(x), heads(x), heads(x), bias: w.reshaped([1, 2, 2]))
      } == plain + ["Add"] + seen)
    #expect(
      try nodes { x, _ in .attentionWeights(heads(x), heads(x)) }
        == plain + ["Softmax", "Reshape"])
  }

  /// A value through which no derivative goes is no constant.
  @Test func detachedValuesAreComputed() throws {
    #expect(try nodes { x, _ in x * x.exp().detached() } == ["Exp", "Mul"])
  }

  @Test func whatCannotBeExportedIsNamed() throws {
    func message(_ body: @escaping @Sendable (Variable, Variable) -> Variable) -> String {
      do {
        return try nodes(body).joined()
      } catch {
        return "\(error)"
      }
    }
    #expect(
      message { x, _ in
        x.reshaped([x.shape[0] * 2, 2]).crossEntropy(labels: (0..<x.shape[0] * 2).map { $0 % 2 })
      } == "the operator 'crossEntropy' has no counterpart in ONNX")
    #expect(
      message { x, _ in
        x.tape.operation(x.value.reshaped([x.value.count]), of: [x], saving: (), name: "mine") {
          _, dy, inputs in
          inputs.add(dy, to: 0)
        }
      } == "the operator 'mine' has no counterpart in ONNX")
    #expect(
      message { x, _ in x + x.tape.constant(Tensor(repeating: x.value[0, 0, 0], [2, 2])) }
        == "an input of '+' depends on the images or their number, and no operator tells how")
    #expect(
      message { x, _ in x.mean() }.hasPrefix(
        "the operator '*' depends on the images or their number"))
    #expect(
      message { x, _ in x.sliced(0, 0..<x.shape[0] - 1) }
        .hasPrefix("the operator 'sliced' depends on the images or their number"))
  }
}
