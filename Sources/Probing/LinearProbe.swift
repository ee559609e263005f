import Autodiff
import ConViT
import DoubleNumerics

/// A linear probe (Alain and Bengio 2016, arXiv:1610.01644): which class an image is of, read from
/// a layer's features by logistic regression.
///
/// It is the least mean cross-entropy + λ / 2n ‖W‖² on standardised features, as of scikit-learn's
/// `make_pipeline(StandardScaler(), LogisticRegression(C=1 / λ))`: one best answer, which depends
/// on no learning rate.
public struct LinearProbe: Sendable {
  /// For features as they are, [classes, C] and [classes].
  public let weight, bias: Tensor
  /// The objective at the end, and the largest number of its gradient: how near it is to the best.
  public let loss, slope: Double
  /// Steps of L-BFGS.
  public let steps: Int

  /// The probe of features [n, C] and the classes of the images.
  ///
  /// - Parameters:
  ///   - features: a row for each image.
  ///   - labels: the classes of the images, [n].
  ///   - classes: as many as there are, although some may be of no image.
  ///   - penalty: λ.
  ///   - pool: whose threads work.
  public init(
    _ features: Tensor, labels: [Int], classes: Int, penalty: Double = 1, on pool: WorkerPool
  ) {
    checkPrecondition(
      features.shape.rank == 2 && features.shape[0] == labels.count && !labels.isEmpty
        && labels.allSatisfy { 0..<classes ~= $0 } && penalty > 0,
      "LinearProbe: features \(features.shape), \(labels.count) labels of \(classes) classes, "
        + "penalty \(penalty)")
    let width = features.shape[1]
    let scaling = Standardization(features)
    let examples = scaling(features)
    let head = Linear(width, classes, initial: .zeros)
    let tree = ParameterTree(head)
    let shards = Shards(size: 256, lanes: 4)
    let strength = penalty / Double(labels.count)
    func objective(_ x: [Double]) -> (value: Double, gradient: [Double]) {
      let weights = Self.store(x, tree, width, classes)
      let found = try? shards.gradients(of: labels.count, at: weights, on: pool) { range, tape in
        let logits = head(tape.constant(examples.sliced(0, range)))
        let losses = logits.crossEntropy(labels: labels[range])
        return (losses, losses.value.elements.reduce(0) { $0 + Double($1) })
      }
      guard let (gradients, losses) = found else { fatalError("LinearProbe: nothing here throws") }
      var gradient = gradients[head.weight].elements.map(Double.init)
      for i in gradient.indices { gradient[i] += strength * x[i] }
      gradient += gradients[head.bias!].elements.map(Double.init)
      let square = x[..<(width * classes)].reduce(0) { $0 + $1 * $1 }
      return (losses.reduce(0, +) / Double(labels.count) + strength / 2 * square, gradient)
    }
    let start = [Double](repeating: 0, count: (width + 1) * classes)
    let minimum = LBFGS().minimum(from: start, of: objective)
    (loss, slope, steps) = (minimum.value, minimum.slope, minimum.steps)
    (weight, bias) = scaling.undone(minimum.x, width, classes)
  }

  private static func store(
    _ x: [Double], _ tree: ParameterTree, _ width: Int, _ classes: Int
  ) -> ParameterStore {
    let (matrix, rest) = (x[..<(width * classes)], x[(width * classes)...])
    return ParameterStore(
      tree,
      [Tensor([classes, width], matrix.map(Float.init)), Tensor([classes], rest.map(Float.init))])
  }

  /// [n, C] → [n, classes]
  public func logits(of features: Tensor) -> Tensor {
    let tape = Tape(.inference)
    return tape.constant(features).linear(tape.constant(weight), bias: tape.constant(bias)).value
  }

  /// Images whose class has the largest logit, in percent.
  public func accuracy(on features: Tensor, labels: [Int]) -> Double {
    let predicted = logits(of: features).argmax(-1)
    return 100 * Double(zip(predicted, labels).count(where: ==)) / Double(labels.count)
  }
}

/// Features less their mean, by their deviation; 1 in place of a deviation of 0.
private struct Standardization {
  let means, scales: [Double]

  init(_ features: Tensor) {
    let (count, width) = (features.shape[0], features.shape[1])
    let x = features.elements
    let means = (0..<width).map { j in
      (0..<count).reduce(0.0) { $0 + Double(x[$1 * width + j]) } / Double(count)
    }
    scales = (0..<width).map { j in
      let square = (0..<count).reduce(0.0) { sum, i in
        let difference = Double(x[i * width + j]) - means[j]
        return sum + difference * difference
      }
      return square > 0 ? (square / Double(count)).squareRoot() : 1
    }
    self.means = means
  }

  func callAsFunction(_ features: Tensor) -> Tensor {
    let width = features.shape[1]
    return Tensor(
      features.shape,
      features.elements.enumerated().map { index, x in
        Float((Double(x) - means[index % width]) / scales[index % width])
      })
  }

  /// The map of features as they are, from that of standardised ones.
  func undone(_ x: [Double], _ width: Int, _ classes: Int) -> (weight: Tensor, bias: Tensor) {
    var weight = x[..<(width * classes)].map(\.self)
    var bias = x[(width * classes)...].map(\.self)
    for i in weight.indices {
      weight[i] /= scales[i % width]
      bias[i / width] -= weight[i] * means[i % width]
    }
    return (
      Tensor([classes, width], weight.map(Float.init)), Tensor([classes], bias.map(Float.init))
    )
  }
}
