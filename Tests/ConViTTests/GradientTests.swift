import Autodiff
import ConViT
import Testing

/// Logits, loss and every gradient of small models against PyTorch in double precision.
@Suite struct GradientTests {
  static let cases = [
    "convit_square", "convit_wide", "convit_nine_heads", "convit_zero_gpsa", "gpsa_only",
    "mhsa_token", "mhsa_avg", "deit_distilled", "psa_wide",
  ]

  @Test(arguments: cases) func matchesPyTorch(_ name: String) throws {
    let fixture = try GradientFixture(name)
    let model = try VisionTransformer(fixture.configuration)
    let tree = ParameterTree(model)
    let theirs = fixture.file.tensors.map(\.name).filter { $0.hasPrefix("param.") }
    #expect(Set(theirs) == Set(tree.names.map { "param." + $0 }))

    let tape = Tape(try fixture.weights(tree))
    let logits = model(tape.constant(try fixture.tensor("input")))
    let loss = logits.crossEntropy(labels: try fixture.file.integers("labels")).mean()
    #expect(distance(logits.value, try fixture.tensor("logits")) < 2e-6)
    #expect(abs(loss.value.item / (try fixture.tensor("loss").item) - 1) < 2e-6)

    let gradients = tape.gradients(of: loss)
    for name in tree.names {
      let (ours, theirs) = (try #require(gradients[name]), try fixture.tensor("grad." + name))
      if name.hasSuffix("pos_proj.bias") {  // adds a constant to a softmax: exactly zero
        #expect(ours == Tensor(repeating: 0, ours.shape))
        #expect(theirs.elements.allSatisfy { abs($0) < 1e-12 })
      } else {
        #expect(distance(ours, theirs) < 1e-5, "\(name)")
      }
    }
  }

  /// The comparison above notices a wrong derivative.
  @Test func noticesAWrongGradient() throws {
    let theirs = try GradientFixture("convit_square").tensor("grad.norm.weight")
    var elements = theirs.elements
    elements[3] *= 1.001
    #expect(distance(Tensor(theirs.shape, elements), theirs) > 1e-5)
  }
}

/// The norm of the difference relative to the norm of the second tensor.
func distance(_ a: Tensor, _ b: Tensor) -> Double {
  guard a.shape == b.shape else { return .infinity }
  let difference = zip(a.elements, b.elements).reduce(0.0) {
    $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
  }
  let norm = b.elements.reduce(0.0) { $0 + Double($1) * Double($1) }
  return (difference / norm).squareRoot()
}
