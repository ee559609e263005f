import Autodiff
import ConViT
import Testing

/// Parameters and multiply-adds of models of clips, to the unit.
struct TimeSformerCostsTests {
  private typealias Scheme = TimeSformerConfiguration.Scheme

  private func base(_ scheme: Scheme, classes: Int = 400) throws -> TimeSformerConfiguration {
    var c = try TimeSformerConfiguration.preset(of: "timesformer_base_patch16_224")
    (c.scheme, c.image.classes) = (scheme, classes)
    return c
  }

  /// The sizes that the paper rounds (its tables 1 and 2: 85.9M, 121.4M, 156.8M), for 174 classes.
  @Test func parametersAreThoseOfThePaper() throws {
    for (scheme, count) in [
      (Scheme.space, 85_932_462), (.joint, 85_938_606), (.divided, 121_392_558),
      (.localGlobal, 121_392_558), (.axial, 156_846_510),
    ] {
      let model = try TimeSformer(base(scheme, classes: 174))
      #expect(ParameterTree(model).elementCount == count, "\(scheme)")
    }
  }

  /// patches · 3P²D + L·[5·NT·D² + 4·T(N+1)·D² + 8·(NT+1)·D² + 2D(N·T² + T(N+1)²)] + D·C; three
  /// crops of it are the paper's 0.59, 5.11 and 7.14 T.
  @Test func multiplyAddsAreThoseOfThePaper() throws {
    for (name, count, crops) in [
      ("timesformer_base_patch16_224", 195_830_280_192, 0.5875),
      ("timesformer_base_patch16_224_hr", 1_702_685_650_944, 5.108),
      ("timesformer_base_patch16_224_l", 2_379_856_982_016, 7.140),
    ] {
      let costs = try TimeSformer(.preset(of: name)).costs(isWhole: true)
      #expect(costs.multiplyAdds == count, "\(name)")
      #expect(abs(Double(3 * costs.multiplyAdds) / 1e12 - crops) < 5e-4, "\(name)")
    }
  }

  /// The others, of products of S tokens: 12·D² of a token in projections and MLP, 2·D of a query
  /// and a key.
  @Test func multiplyAddsOfTheOtherSchemes() throws {
    let (d, n, t, layers) = (768, 196, 8, 12)
    let (s, outside) = (n * t + 1, n * t * 768 * d + d * 400)
    // Of local-global: queries of all, keys and values of 4·7·7 + 1 tokens in the global step.
    let (window, sparse) = (t * 49 + 1, 4 * 49 + 1)
    let local = 4 * s * d * d + 2 * d * (n * t * window + s)
    let global = (3 * s + 2 * sparse) * d * d + 2 * d * s * sparse
    // Of axial: a row and a column have 14 patches, and a copy of the class token.
    let line = 4 * t * 14 * 15 * d * d + 2 * d * t * 14 * 15 * 15
    let time = 5 * n * t * d * d + 2 * d * n * t * t
    for (scheme, block) in [
      (Scheme.space, t * (12 * (n + 1) * d * d + 2 * d * (n + 1) * (n + 1))),
      (.joint, 12 * s * d * d + 2 * d * s * s),
      (.localGlobal, local + global + 8 * s * d * d),
      (.axial, time + 2 * line + s * d * d + 8 * s * d * d),
    ] {
      let costs = try TimeSformer(base(scheme)).costs(isWhole: true)
      #expect(costs.multiplyAdds == outside + layers * block, "\(scheme)")
    }
  }

  /// By these numbers, joint attention of 8 frames needs fewer from D = 136 on with N = 49, and
  /// from D = 544 with N = 196.
  @Test(arguments: [(112, 136), (224, 544)]) func jointNeedsFewerFrom(side: Int, dim: Int) throws {
    func count(_ dim: Int, _ scheme: Scheme) throws -> Int {
      var c = ViTConfiguration(.vit, imageSize: side, embedDim: dim, heads: 4)
      c.depth = 1
      return try TimeSformer(TimeSformerConfiguration(c, scheme: scheme)).costs(isWhole: true)
        .multiplyAdds
    }
    #expect(try count(dim, .joint) < count(dim, .divided))
    #expect(try count(dim - 8, .joint) > count(dim - 8, .divided))
  }

  @Test func presets() throws {
    for name in TimeSformerConfiguration.presetNames {
      let c = try TimeSformerConfiguration.preset(of: name)
      #expect(c.scheme == .divided && c.image.classes == 400 && c.image.dropPathRate == 0.1)
    }
    let hr = try TimeSformer(.preset(of: "timesformer_base_patch16_224_hr"))
    #expect(hr.input == [16, 3, 448, 448])
    let error = #expect(throws: ConfigurationError.self) {
      try TimeSformerConfiguration.preset(of: "timesformer_bse_patch16_224")
    }
    #expect(
      "\(error.map { "\($0)" } ?? "")".hasSuffix("Did you mean 'timesformer_base_patch16_224'?"))
  }
}
