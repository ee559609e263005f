import Autodiff
import ConViT
import Foundation
import Symmetry
import Testing

/// R(f) − R(Qf) = mean ‖f − Qf‖² on whole orbits of a trained model, and Jensen's inequality. The
/// orbits are made here, by hand: the identity holds only if `Averaged` has the same ones.
@Suite struct OrbitIdentityTests {
  private static let side = 28
  private let saved: SavedModel
  private let orbit: Tensor
  private let labels: [Int]
  private let logits: [[Double]]
  private let pool = WorkerPool(threads: 2)

  /// Six images of soft spots, and their seven turned and mirrored copies. The label of all
  /// eight is what the model says of the first.
  init() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    saved = try SavedModel(
      contentsOf: root.appendingPathComponent("../../Weights/fashion.safetensors").path)
    var random = Random(seed: 16)
    let images = (0..<6).map { _ in Self.spots(&random) }
    let all = images.flatMap { image in Self.copies.map { copy in Self.moved(image, copy) } }
    // Grey, in three channels.
    orbit = Tensor([all.count, 3, Self.side, Self.side], all.flatMap { $0 + $0 + $0 })
    logits = Self.rows(saved.model, orbit, saved.weights, pool)
    let answers = logits.map { row in row.indices.max { row[$0] < row[$1] } ?? 0 }
    labels = answers.indices.map { answers[$0 / 8 * 8] }
  }

  private static func spots(_ random: inout Random) -> [Float] {
    let spots = (0..<6).map { _ in
      (0..<2).map { _ in Double.random(in: 4...24, using: &random) }
        + [Double.random(in: 4...40, using: &random)]
    }
    return (0..<side * side).map { pixel in
      let (row, column) = (Double(pixel / side), Double(pixel % side))
      let light = spots.reduce(0) { sum, spot in
        let (down, right) = (row - spot[0], column - spot[1])
        return sum + exp(-(down * down + right * right) / spot[2])
      }
      return Float(2.5 * min(light, 1) - 0.8)
    }
  }

  /// Where a copy's pixel (row, column) is in the image.
  private static let copies: [@Sendable (_ row: Int, _ column: Int) -> (Int, Int)] = [
    { ($0, $1) }, { ($1, 27 - $0) }, { (27 - $0, 27 - $1) }, { (27 - $1, $0) },
    { ($0, 27 - $1) }, { (27 - $0, $1) }, { ($1, $0) }, { (27 - $1, 27 - $0) },
  ]

  private static func moved(
    _ image: [Float], _ copy: (_ row: Int, _ column: Int) -> (Int, Int)
  ) -> [Float] {
    image.indices.map { pixel in
      let (row, column) = copy(pixel / side, pixel % side)
      return image[row * side + column]
    }
  }

  private static func rows(
    _ model: any Model, _ images: Tensor, _ weights: ParameterStore, _ pool: WorkerPool
  ) -> [[Double]] {
    let values = model.logits(of: images, FrozenWeights(weights, .inference), on: pool)
    let width = values.shape[1]
    return (0..<values.shape[0]).map { row in
      values.elements[row * width..<(row + 1) * width].map(Double.init)
    }
  }

  private func softmax(_ row: [Double]) -> [Double] {
    let most = row.max() ?? 0
    let powers = row.map { exp($0 - most) }
    return powers.map { $0 / powers.reduce(0, +) }
  }

  private func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
  }

  private func squaredDistance(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  /// The mean squared distance from the labels, of which each is a row of zeros and a one.
  private func risk(_ outputs: [[Double]]) -> Double {
    mean(
      zip(outputs, labels).map { row, label in
        squaredDistance(row, row.indices.map { $0 == label ? 1 : 0 })
      })
  }

  private func crossEntropy(_ outputs: [[Double]]) -> Double {
    mean(zip(outputs, labels).map { row, label in -log(softmax(row)[label]) })
  }

  @Test(arguments: ["hflip", "transposes", "c4", "d4"], Averaged.Quantity.allCases)
  func theIdentity(name: String, quantity: Averaged.Quantity) throws {
    let averaged = try Averaged(saved.model, over: ImageSymmetry(named: name), of: quantity)
    let outputs = Self.rows(averaged, orbit, saved.weights, pool)
    let isOfLogits = quantity == .logits
    let (f, qf) = isOfLogits ? (logits, outputs) : (logits.map(softmax), outputs.map(softmax))
    let gap = mean(zip(f, qf).map(squaredDistance))
    #expect(gap > 1e-3)
    #expect(abs(risk(f) - risk(qf) - gap) <= 1e-5 * gap, "\((risk(f) - risk(qf)) / gap - 1)")
    // Both losses are convex, of logits and of probabilities.
    #expect(crossEntropy(outputs) < crossEntropy(logits))
  }
}
