import Autodiff
import ConViT
import Safetensors
import Testing

/// Operators that models of one's own need, their values and derivatives, against PyTorch's in
/// double precision (Fixtures/make_layers.py).
@Suite struct LayerReferenceTests {
  private let file: SafetensorsFile

  init() throws { file = try SafetensorsFile(contentsOf: try fixture("layers.safetensors")) }

  private func tensor(_ name: String) throws -> Tensor {
    Tensor(Shape(try #require(file.info(name)).shape), try file.floats(name))
  }

  /// An operator of the file and the same by this package.
  private struct Case: Sendable {
    let name: String
    let arguments: [String]
    let function: @Sendable ([Variable], LayerReferenceTests) throws -> Variable

    init(
      _ name: String, _ arguments: String...,
      function: @escaping @Sendable ([Variable], LayerReferenceTests) throws -> Variable
    ) {
      (self.name, self.function) = (name, function)
      self.arguments = arguments.isEmpty ? ["input"] : arguments
    }
  }

  private static let cases =
    [
      Case("silu") { x, _ in x[0].silu() },
      Case("rms_norm", "input", "weight") { x, _ in x[0].rmsNorm(x[1]) },
      Case("where", "a", "b") { x, tests in
        .select(try tests.tensor("where.condition"), x[0], else: x[1])
      },
      Case("embedding", "weight") { x, _ in x[0].gathered(0, [3, 0, 3, 6, 1, 3]) },
      Case("rotary") { x, _ in RotaryPositions(count: 6, headDim: 8)(x[0], heads: 3) },
      Case("rotary_grid") { x, _ in
        RotaryPositions(grid: PatchGrid(rows: 2, columns: 3), headDim: 8)(x[0], heads: 1)
      },
      Case("number_times", "a") { x, _ in x[0] * 3 },
      Case("number_over", "a") { x, _ in x[0] / 3 },
      Case("number_under", "a") { x, _ in 3 / x[0] },
      Case("number_plus", "a") { x, _ in 3 + x[0] },
      Case("number_minus", "a") { x, _ in x[0] - 3 },
      Case("number_negative", "a") { x, _ in -x[0] },
    ]
    + ([(2, 2, 0), (3, 2, 1), (3, 1, 0)] as [(Int, Int, Int)]).flatMap { size, stride, padding in
      [
        Case("max_pool_\(size)_\(stride)_\(padding)") { x, _ in
          x[0].maxPooled(size, stride: stride, padding: padding)
        },
        Case("average_pool_\(size)_\(stride)_\(padding)") { x, _ in
          x[0].averagePooled(size, stride: stride, padding: padding)
        },
      ]
    }

  @Test func valuesAndDerivativesArePyTorchs() throws {
    for c in Self.cases {
      let tape = Tape()
      let inputs = try c.arguments.map { tape.variable(try tensor("\(c.name).\($0)")) }
      let output = try c.function(inputs, self)
      #expect(difference(output.value, try tensor("\(c.name).output")) < 1e-6, "\(c.name)")
      var none = Gradients(tape.weights.tree)
      let upstream = tape.constant(try tensor("\(c.name).upstream"))
      let gradients = tape.accumulateGradients(
        of: (output * upstream).sum(), into: &none, at: inputs)
      for (argument, gradient) in zip(c.arguments, gradients) {
        let expected = try tensor("\(c.name).\(argument)_gradient")
        #expect(difference(gradient, expected) < 1e-6, "\(c.name), \(argument)")
      }
    }
  }

  /// At numbers from −2 to 2 that are all different, so that the largest of a window stays it, and
  /// above 0 for what is divided by.
  @Test func derivativesAreThoseOfDifferences() throws {
    for c in Self.cases {
      let inputs = try c.arguments.map { argument in
        let shape = try tensor("\(c.name).\(argument)").shape
        let count = shape.elementCount
        let numbers = (0..<count).map { 4 * Float(($0 * 7919) % count) / Float(count) - 2 }
        return Tensor(shape, c.name == "number_under" ? numbers.map { $0 + 3 } : numbers)
      }
      let check = GradientCheck(step: c.name.hasPrefix("max_pool") ? 1e-3 : 1e-2) { x in
        do { return try c.function(x, self) } catch { fatalError("\(error)") }
      }
      #expect(check.largestError(at: inputs) < 5e-3, "\(c.name)")
    }
  }

  /// The largest difference in a row, the last axis, in units of the row's largest element.
  private func difference(_ a: Tensor, _ b: Tensor) -> Float {
    guard a.shape == b.shape else { return .infinity }
    let columns = b.shape[-1]
    return (0..<b.count / columns).reduce(0) { worst, row in
      let places = row * columns..<(row + 1) * columns
      let (x, y) = (a.elements[places], b.elements[places])
      let scale = max(y.map(abs).max() ?? 0, 1e-30)
      return zip(x, y).reduce(worst) {
        let error = abs($1.0 - $1.1) / scale
        return error.isNaN ? .infinity : max($0, error)
      }
    }
  }

  @Test func placesOfTheLargestArePyTorchs() throws {
    let x = try tensor("argmax.input")
    for axis in [1, 2] {
      let expected = try file.integers("argmax.axis_\(axis)")
      #expect(x.argmax(axis) == expected, "axis \(axis)")
    }
    #expect(Tensor([2, 3], [1, .nan, 3, -.infinity, 2, 2]).argmax() == [1, 1])
  }

  /// The layers are the operators, with their parameters.
  @Test func layersStartAsTheirDocumentationSays() throws {
    struct Net: Module {
      let embedding = Embedding(7, 4)
      let norm = RMSNorm(4, epsilon: 0)
    }
    let net = Net()
    let store = ParameterStore(net, seed: 0)
    let tape = Tape(store)
    let rows = net.embedding([3, 0, 3], on: tape)
    #expect(rows.shape == [3, 4])
    #expect(rows.value.sliced(0, 0..<1).elements == rows.value.sliced(0, 2..<3).elements)
    let squares = net.norm(rows).squared().mean(-1).value.elements
    #expect(squares.allSatisfy { abs($0 - 1) < 1e-6 }, "\(squares)")
  }

  /// The product of two rotated vectors depends on the distance of their positions alone.
  @Test func rotationsAreRelative() throws {
    let tape = Tape()
    var random = Random(seed: 2)
    let (q, k) = (0..<2).map { _ in (0..<8).map { _ in Float(random.normal()) } }.pair
    func rotated(_ x: [Float]) -> [[Float]] {
      let all = tape.constant(Tensor([9, 8], (0..<9).flatMap { _ in x }))
      let y = RotaryPositions(count: 9, headDim: 8)(all, heads: 1).value.elements
      return (0..<9).map { Array(y[8 * $0..<8 * ($0 + 1)]) }
    }
    let (queries, keys) = (rotated(q), rotated(k))
    func product(_ a: Int, _ b: Int) -> Float {
      zip(queries[a], keys[b]).reduce(0) { $0 + $1.0 * $1.1 }
    }
    for distance in 0..<4 {
      for start in 1..<5 {
        #expect(abs(product(start, start + distance) - product(0, distance)) < 1e-5)
      }
    }
    #expect(abs(product(0, 1) - product(0, 0)) > 1e-2)
  }

  /// Arithmetic on tensors is that on variables.
  @Test func tensorsComputeAsVariablesDo() {
    let x = Tensor([2, 2], [1, 2, -3, 4])
    #expect((x * 2).elements == [2, 4, -6, 8] && (2 * x).elements == [2, 4, -6, 8])
    #expect((x / 2).elements == [0.5, 1, -1.5, 2] && (12 / x).elements == [12, 6, -4, 3])
    #expect((x + 1).elements == [2, 3, -2, 5] && (1 + x).elements == [2, 3, -2, 5])
    #expect((x - 1).elements == [0, 1, -4, 3] && (1 - x).elements == [0, -1, 4, -3])
    #expect((-x).elements == [-1, -2, 3, -4])
    #expect(x.map { $0 > 0 ? $0 : 0 }.elements == [1, 2, 0, 4])
    #expect((x + Tensor([2], [10, 20])).elements == [11, 22, 7, 24])
  }
}

extension Array {
  fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}
