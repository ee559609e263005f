import Autodiff
import DoubleNumerics
import Foundation

/// What averaging over each of several subgroups makes of a model, summed over images of which the
/// outputs for all elements of a group are known.
///
/// For a subgroup H, Q is the average over H and f⊥ = f − Qf. Where the right answer does not
/// change under H, E‖f⊥‖² is what averaging takes off the squared error (Elesedy and Zaidi 2021,
/// lemma 1); no label is needed for it.
package struct OrbitStatistics {
  private let elements: Int
  /// By subgroup: for each element g, the places of all hg.
  private let orbits: [[[Int]]]
  /// By subgroup.
  private(set) var sums: [Sums]

  /// Sums over images of one subgroup.
  package struct Sums {
    package var images = 0
    package var labelled = 0
    /// ‖f⊥‖² of each image, and ‖f‖².
    var gain = RunningMoments(), size = 0.0
    /// Whether the averaged model answers as the model does.
    var agreeing = 0
    var model = Score(), averaged = Score()
    /// The difference of squared errors, by image.
    var realised = RunningMoments()
    /// The same sums over the orbit of each image, whose right answer is taken not to change.
    var orbitGain = 0.0, orbitRisk = 0.0, orbitAveragedRisk = 0.0
    /// By class, of the label or else of the answer.
    var classes: [Int: (gain: RunningMoments, realised: RunningMoments)] = [:]
  }

  /// Squared errors, losses and right answers.
  struct Score {
    var risk = 0.0, loss = 0.0, correct = 0

    mutating func add(_ outputs: [Double], label: Int) {
      risk += squaredError(outputs, label)
      loss -= log(max(outputs[label], .leastNormalMagnitude))
      correct += answer(outputs) == label ? 1 : 0
    }
  }

  /// Statistics of images moved by all elements of a symmetry, for subgroups of it.
  package init(_ symmetry: ImageSymmetry, subgroups: [ImageSymmetry]) {
    let places = Dictionary(
      uniqueKeysWithValues: symmetry.elements.enumerated().map { ($1, $0) })
    elements = places.count
    orbits = subgroups.map { subgroup in
      symmetry.elements.map { g in
        subgroup.elements.map { h in
          guard let place = places[symmetry.group.product(h, g)] else {
            fatalError("OrbitStatistics: \(subgroup.name) is no subgroup of \(symmetry.name)")
          }
          return place
        }
      }
    }
    sums = subgroups.map { _ in Sums() }
  }

  /// Adds an image: the probabilities for gx, for each element g of the symmetry in its order, and
  /// the class if it is known.
  package mutating func add(_ outputs: [[Double]], label: Int?) {
    checkPrecondition(
      outputs.count == elements, "OrbitStatistics: \(outputs.count) of \(elements) outputs")
    let answer = Symmetry.answer(outputs[0])
    for (place, orbits) in orbits.enumerated() {
      let averages = orbits.map { orbit in mean(orbit.map { outputs[$0] }) }
      sums[place].add(outputs, averages, answer: answer, label: label)
    }
  }
}

extension OrbitStatistics.Sums {
  fileprivate mutating func add(
    _ outputs: [[Double]], _ averages: [[Double]], answer: Int, label: Int?
  ) {
    images += 1
    let own = squaredDistance(outputs[0], averages[0])
    gain.add(own)
    size += outputs[0].reduce(0) { $0 + $1 * $1 }
    agreeing += Symmetry.answer(averages[0]) == answer ? 1 : 0
    classes[label ?? answer, default: (.init(), .init())].gain.add(own)
    guard let label else { return }
    labelled += 1
    model.add(outputs[0], label: label)
    self.averaged.add(averages[0], label: label)
    let difference = squaredError(outputs[0], label) - squaredError(averages[0], label)
    realised.add(difference)
    classes[label]?.realised.add(difference)
    let share = 1 / Double(outputs.count)
    for (output, average) in zip(outputs, averages) {
      orbitGain += share * squaredDistance(output, average)
      orbitRisk += share * squaredError(output, label)
      orbitAveragedRisk += share * squaredError(average, label)
    }
  }
}

/// The class of the largest output.
private func answer(_ outputs: [Double]) -> Int {
  outputs.indices.max { outputs[$0] < outputs[$1] } ?? 0
}

/// ‖outputs − one-hot(label)‖²
private func squaredError(_ outputs: [Double], _ label: Int) -> Double {
  outputs.indices.reduce(0) { sum, k in
    let difference = outputs[k] - (k == label ? 1 : 0)
    return sum + difference * difference
  }
}

private func squaredDistance(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
}

private func mean(_ rows: [[Double]]) -> [Double] {
  let factor = 1 / Double(rows.count)
  return rows[0].indices.map { k in factor * rows.reduce(0) { $0 + $1[k] } }
}
