import Autodiff
import ConViT
import Locality
import Testing

/// What is known without a model in training.
@Suite struct ClosedFormTests {
  @Test(arguments: [(14, 7.2808), (7, 3.6095), (16, 8.3261), (24, 12.5030)])
  func uniformAttention(side: Int, expected: Double) {
    #expect(abs(PatchGrid(rows: side, columns: side).uniformNonlocality - expected) < 5e-5)
  }

  /// On 1 × n patches the mean distance is (n² − 1) / 3n.
  @Test func aLineOfPatches() {
    let grid = PatchGrid(rows: 1, columns: 9)
    #expect(abs(grid.uniformNonlocality - 80.0 / 27) < 1e-6)
  }

  /// A model whose content attention is uniform (queries and keys are zero) at the convolutional
  /// start: σ(1) of the positional non-locality and the rest of the uniform one.
  @Test(arguments: [(4, 2.6789), (9, 2.8809), (16, 3.0997)])
  func convolutionalStart(heads: Int, expected: Double) throws {
    var c = ViTConfiguration(.convit, patchSize: 2, embedDim: 4 * heads, heads: heads)
    (c.imageHeight, c.imageWidth, c.depth, c.localUpToLayer, c.classes) = (28, 28, 2, 1, 2)
    let model = try VisionTransformer(c)
    var weights = ParameterStore(model, seed: 1)
    let slot = try #require(weights.tree.slot(named: "blocks.0.attn.qk.weight"))
    weights[slot: slot] = Tensor(repeating: 0, weights[slot: slot].shape)
    let meter = LocalityMeter(model, FrozenWeights(weights))
    let images = Tensor([1, 3, 28, 28], (0..<3 * 28 * 28).map { Float($0 % 7) - 3 })
    var statistics = meter.emptyStatistics
    meter.add(images, to: &statistics, on: WorkerPool(threads: 1))
    let report = meter.report(statistics)
    #expect(abs(report.layers[0].meanNonlocality - expected) < 5e-5)
    #expect(report.layers[0].nonlocalitySpread.allSatisfy { $0 == 0 })
  }

  /// Measured moments of the positional attention are those of its Gaussian.
  @Test(arguments: [PatchGrid(rows: 14, columns: 14), PatchGrid(rows: 12, columns: 20)])
  func momentsRecoverTheFit(grid: PatchGrid) throws {
    for heads in [4, 9, 16] {
      let gpsa = GPSA(dim: 4 * heads, heads: heads, grid: grid, start: .convolutional(strength: 1))
      let weights = ParameterStore(gpsa, seed: 0)
      let map = gpsa.position(Tape(weights, .inference)).value
      for (head, fit) in gpsa.positionalFits(weights).enumerated() {
        let row = map.sliced(0, head..<head + 1).elements
        let moments = MapMoments(of: row, on: grid)
        let (x, y, width) = (try #require(fit.x), try #require(fit.y), try #require(fit.width))
        #expect(abs(moments.x - x) < 0.01 * max(abs(x), 0.5))
        #expect(abs(moments.y - y) < 0.01 * max(abs(y), 0.5))
        #expect(abs(moments.width - width) < 0.01 * width)
        #expect(abs(fit.strength - 1) < 1e-6)
      }
    }
  }

  @Test func aHeadThatLooksAway() {
    let fit = PositionalFit(1, 2, 0.5)
    #expect(fit.x == nil && fit.y == nil && fit.width == nil && fit.strength == -0.5)
    #expect(PositionalFit(2, -4, -1) == PositionalFit(4, -8, -2).with(strength: 1))
  }
}

extension PositionalFit {
  /// The same centre at another strength.
  fileprivate func with(strength: Float) -> PositionalFit {
    PositionalFit(2 * strength * Float(x ?? 0), 2 * strength * Float(y ?? 0), -strength)
  }
}
