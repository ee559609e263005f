import Autodiff
import ConViT
import Foundation
import Locality
import Safetensors
import Testing

/// Every metric against NumPy's on what hooks saw in timm's forward pass, `make_locality.py`.
@Suite struct ReferenceTests {
  private struct Fixture {
    let saved: SavedModel
    let expected: SafetensorsFile

    init(_ name: String) throws {
      func path(_ file: String) throws -> String {
        try #require(
          Bundle.module.url(forResource: "Fixtures/\(file).safetensors", withExtension: nil)
        ).path
      }
      saved = try SavedModel(contentsOf: try path(name))
      expected = try SafetensorsFile(contentsOf: try path(name + "_expected"))
    }

    func tensor(_ name: String) throws -> Tensor {
      Tensor(Shape(try #require(expected.info(name)).shape), try expected.floats(name))
    }
  }

  private func expect(
    _ values: [Double]?, _ fixture: Fixture, _ name: String, within tolerance: Double = 1e-5
  ) throws {
    let values = try #require(values, "\(name)")
    let expected = try fixture.expected.floats(name)
    #expect(values.count == expected.count, "\(name)")
    for (a, b) in zip(values, expected) {
      #expect(abs(a - Double(b)) < tolerance, "\(name): \(a), not \(b)")
    }
  }

  @Test(arguments: ["convit", "vit"], [1, 3]) func metrics(name: String, threads: Int) throws {
    let fixture = try Fixture(name)
    let meter = LocalityMeter(try fixture.saved.transformer, FrozenWeights(fixture.saved.weights))
    let (images, pool) = (try fixture.tensor("images"), WorkerPool(threads: threads))
    var statistics = meter.emptyStatistics
    for part in [0..<2, 2..<5] { meter.add(images.sliced(0, part), to: &statistics, on: pool) }
    let report = meter.report(statistics)
    #expect(report.images == 5)
    let reference = meter.referenceNonlocality(images)
    for layer in report.layers {
      let place = "\(layer.layer)."
      try expect(layer.nonlocality, fixture, place + "nonlocality")
      try expect(layer.nonlocalitySpread, fixture, place + "nonlocality_sd")
      try expect(layer.entropy, fixture, place + "entropy")
      try expect(layer.centre.flatMap(\.self), fixture, place + "center")
      try expect(layer.width, fixture, place + "width")
      try expect(layer.similarity.flatMap(\.self), fixture, place + "similarity")
      try expect(reference[layer.layer], fixture, place + "reference_nonlocality")
      let hasTokens = name == "vit" || layer.kind == .mhsa
      #expect((layer.tokenShare != nil) == hasTokens)
      if hasTokens { try expect(layer.tokenShare, fixture, place + "token_share") }
      #expect((layer.gate != nil) == (layer.kind == .gpsa))
      if layer.kind == .gpsa { try expect(layer.gate, fixture, place + "gate") }
      #expect(zip(layer.nonlocality, layer.distancePixels).allSatisfy { $0 * 4 == $1 })
    }
  }

  @Test func theForwardPassIsAsWithoutLooking() throws {
    let fixture = try Fixture("convit")
    let (model, weights) = (try fixture.saved.transformer, fixture.saved.weights)
    let (images, pool) = (try fixture.tensor("images"), WorkerPool(threads: 2))
    let tape = Tape(weights, .inference)
    let meter = LocalityMeter(model, FrozenWeights(weights))
    var statistics = meter.emptyStatistics
    let logits = meter.add(images, to: &statistics, on: pool)
    let plain = model(tape.constant(images)).value
    for (a, b) in zip(logits.elements, plain.elements) { #expect(abs(a - b) < 1e-5) }
  }

  /// A batch of one shard has all threads inside of its operators.
  @Test func oneImageOnSeveralThreads() throws {
    let fixture = try Fixture("convit")
    let meter = LocalityMeter(try fixture.saved.transformer, FrozenWeights(fixture.saved.weights))
    let image = try fixture.tensor("images").sliced(0, 0..<1)
    let reports = [1, 3].map { threads in
      var statistics = meter.emptyStatistics
      meter.add(image, to: &statistics, on: WorkerPool(threads: threads))
      return meter.report(statistics)
    }
    #expect(reports[0].images == 1 && reports[0].layers.count == reports[1].layers.count)
    for (a, b) in zip(reports[0].layers, reports[1].layers) {
      #expect(zip(a.nonlocality, b.nonlocality).allSatisfy { abs($0 - $1) < 1e-5 })
    }
  }

  @Test(arguments: ["convit", "vit"]) func mapsOfAnImage(name: String) throws {
    let fixture = try Fixture(name)
    let image = try fixture.tensor("images").sliced(0, 0..<1)
    let maps = AttentionMaps(
      try fixture.saved.transformer, FrozenWeights(fixture.saved.weights), image: image)
    for (layer, map) in maps.layers.enumerated() {
      let expected = try fixture.expected.floats("\(layer).map_of_first_image")
      #expect(map.count == expected.count)
      #expect(zip(map.elements, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }
    let last = maps.layers.count - 1
    let row = maps.row(layer: last, head: 1, query: 7)
    let length = maps.grid.count + 1
    let start = (length + 8) * length + 1
    #expect(row == Array(maps.layers[last].elements[start..<start + maps.grid.count]))
    try expect(maps.rollout(query: -1).map(Double.init), fixture, "rollout")
  }
}
