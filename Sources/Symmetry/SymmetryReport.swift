/// What averaging over each of several groups would gain; `symmetry.json`.
///
/// Outputs are probabilities: the squared error is the Brier score, Σ_k (p_k − y_k)².
package struct SymmetryReport: Codable, Sendable {
  package struct Group: Codable, Sendable {
    package let name: String
    package let elements: [String]
    /// Passes for one prediction.
    package let passes: Int
    /// Mean ‖f − Qf‖²: the squared error that averaging takes off if the right answer does not
    /// change; and its share of mean ‖f‖².
    package let gain, share: Double
    /// The standard error of the gain; nil of one image.
    package let gainError: Double?
    /// The share of images for which the averaged model answers as the model does.
    package let agreement: Double
    /// What labels say; nil without them.
    package let labelled: Labelled?
    package let classes: [Class]

    enum CodingKeys: String, CodingKey {
      case name, elements, passes, gain, share, agreement, labelled, classes
      case gainError = "gain_error"
    }
  }

  package struct Labelled: Codable, Sendable {
    /// The mean squared error of the model and of the averaged one.
    package let risk, averagedRisk: Double
    /// Their difference, and by how much it misses the gain: −2⟨f⊥, f*⊥⟩, which is 0 if the right
    /// answer does not change.
    package let realisedGain, bias: Double
    /// The standard error of the difference; nil of one image.
    package let realisedError: Double?
    /// In percent.
    package let accuracy, averagedAccuracy: Double
    /// Mean cross-entropies.
    package let loss, averagedLoss: Double
    /// The same over all images gx of the whole group, each with the class of x.
    package let orbit: Orbit

    enum CodingKeys: String, CodingKey {
      case risk, bias, accuracy, loss, orbit
      case averagedRisk = "averaged_risk"
      case realisedGain = "realised_gain"
      case realisedError = "realised_error"
      case averagedAccuracy = "averaged_accuracy"
      case averagedLoss = "averaged_loss"
    }
  }

  package struct Orbit: Codable, Sendable {
    package let gain, risk, averagedRisk: Double
    /// |risk − averagedRisk − gain| / gain, which is rounding: an identity. 0 without a gain.
    package let identityError: Double

    enum CodingKeys: String, CodingKey {
      case gain, risk
      case averagedRisk = "averaged_risk"
      case identityError = "identity_error"
    }
  }

  package struct Class: Codable, Sendable {
    package let name: String
    package let images: Int
    package let gain: Double
    package let realisedGain: Double?

    enum CodingKeys: String, CodingKey {
      case name, images, gain
      case realisedGain = "realised_gain"
    }
  }

  /// Where the numbers come from.
  package struct Origin: Codable, Hashable, Sendable {
    /// The file of weights, and the folder or table of images.
    package let weights, dataPath: String
    /// The folder of images in it: `val`.
    package let split: String
    /// How many images were asked for; nil for all.
    package let sample: Int?
    /// What the sample depends on.
    package let seed: UInt64

    package init(weights: String, dataPath: String, split: String, sample: Int?, seed: UInt64) {
      (self.weights, self.dataPath, self.split) = (weights, dataPath, split)
      (self.sample, self.seed) = (sample, seed)
    }

    enum CodingKeys: String, CodingKey {
      case weights, split, sample, seed
      case dataPath = "data_path"
    }
  }

  package let images: Int
  package var origin: Origin?
  /// The figures that were drawn.
  package var files: [String]?
  package let groups: [Group]
  /// Layer by layer, and the group that layers were measured over, if that was asked for.
  package var layers: [LayerSymmetry.Layer]?
  package var layersGroup: String?
  /// Motion by motion, and gate by gate, if that was asked for.
  package var lie: LieReport?
  package var gateSweep: SweepReport?

  enum CodingKeys: String, CodingKey {
    case images, origin, files, groups, layers, lie
    case layersGroup = "layers_group"
    case gateSweep = "gate_sweep"
  }
}

extension SymmetryReport {
  /// What the statistics of some symmetries say, in their order; `name` gives a class's name.
  package init(
    _ statistics: OrbitStatistics, _ symmetries: [ImageSymmetry], className: (Int) -> String
  ) {
    images = statistics.sums.first?.images ?? 0
    groups = zip(statistics.sums, symmetries).map { sums, symmetry in
      let count = Double(max(sums.images, 1))
      return Group(
        name: symmetry.name, elements: symmetry.elements.map(symmetry.title),
        passes: symmetry.elements.count, gain: sums.gain.mean ?? 0,
        share: (sums.gain.mean ?? 0) / max(sums.size / count, .leastNormalMagnitude),
        gainError: sums.gain.standardError,
        agreement: Double(sums.agreeing) / count,
        labelled: sums.labelled == sums.images && sums.images > 0 ? Labelled(sums) : nil,
        classes: sums.classes.sorted { $0.key < $1.key }.map { label, moments in
          Class(
            name: className(label), images: moments.gain.count, gain: moments.gain.mean ?? 0,
            realisedGain: moments.realised.mean)
        })
    }
  }
}

extension SymmetryReport {
  /// The gain of each group by class, that of the last group, which is the largest, in falling
  /// order.
  package var gainsByClass: [(name: String, gains: [Double])] {
    guard let last = groups.last else { return [] }
    return last.classes.indices.sorted { a, b in
      (-last.classes[a].gain, a) < (-last.classes[b].gain, b)
    }.map { place in
      (last.classes[place].name, groups.map { $0.classes[place].gain })
    }
  }
}

extension SymmetryReport.Labelled {
  fileprivate init(_ sums: OrbitStatistics.Sums) {
    let count = Double(sums.images)
    (risk, averagedRisk) = (sums.model.risk / count, sums.averaged.risk / count)
    realisedGain = sums.realised.mean ?? 0
    realisedError = sums.realised.standardError
    bias = realisedGain - (sums.gain.mean ?? 0)
    accuracy = 100 * Double(sums.model.correct) / count
    averagedAccuracy = 100 * Double(sums.averaged.correct) / count
    (loss, averagedLoss) = (sums.model.loss / count, sums.averaged.loss / count)
    let gap = sums.orbitRisk - sums.orbitAveragedRisk
    orbit = .init(
      gain: sums.orbitGain / count, risk: sums.orbitRisk / count,
      averagedRisk: sums.orbitAveragedRisk / count,
      identityError: sums.orbitGain > 0 ? abs(gap - sums.orbitGain) / sums.orbitGain : 0)
  }
}
