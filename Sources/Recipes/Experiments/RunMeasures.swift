import Files
import Foundation
import Runs

/// What a run has logged, a number by name: those of the last line of `log.jsonl`, and of the last
/// measurement of where heads look.
package struct RunMeasures: Sendable, Hashable {
  private var values: [String: Double] = [:]

  /// Of an epoch's line alone.
  init(_ record: EpochRecord) {
    for known in Self.logged { values[known.key] = known.value(record) }
  }

  /// Of an epoch's line, and of what else the run in a folder has measured.
  init(_ record: EpochRecord, of folder: String) {
    self.init(record)
    let measured: [LocalityRecord] = JSONLines("\(folder)/\(RunFiles.locality)").records()
    guard let last = measured.last else { return }
    func add(_ name: String, _ layers: [(layer: Int, heads: [Double])]) {
      for (layer, heads) in layers {
        values["\(name)_\(layer)"] = heads.reduce(0, +) / Double(heads.count)
      }
      let all = layers.flatMap(\.heads)
      if !all.isEmpty { values[name] = all.reduce(0, +) / Double(all.count) }
    }
    let layers = last.report.layers
    add("nonlocality", layers.map { ($0.layer, $0.nonlocality) })
    add("gate", layers.compactMap { layer in layer.gate.map { (layer.layer, $0) } })
  }

  /// The layer that a measure is of; nil if it is of all.
  static func layer(of measure: String) -> Int? {
    measure.wholeMatch(of: /(nonlocality|gate)_([0-9]+)/).flatMap { Int($0.2) }
  }

  subscript(measure: String) -> Double? { values[measure] }

  /// Why a measure cannot be asked for; nil if it can.
  static func fault(of measure: String) -> String? {
    let isOfLayer = measure.wholeMatch(of: /(nonlocality|gate)(_[0-9]+)?/) != nil
    guard !isOfLayer, !logged.contains(where: { $0.key == measure }) else { return nil }
    return "measures are \(logged.map(\.key).joined(separator: ", ")), nonlocality and gate (the "
      + "mean over all heads), and nonlocality_<layer> and gate_<layer>; found '\(measure)'"
  }

  /// What a measure is called in a table, and the digits behind the point.
  static func heading(of measure: String) -> (title: String, digits: Int) {
    if let known = logged.first(where: { $0.key == measure }) { return (known.title, known.digits) }
    let parts = measure.split(separator: "_")
    let name = parts[0] == "gate" ? "Gate" : "Non-locality"
    return (parts.count > 1 ? "\(name), layer \(parts[1])" : name, 3)
  }

  private static let logged:
    [(key: String, title: String, digits: Int, value: @Sendable (EpochRecord) -> Double?)] = [
      ("test_acc1", "Top-1", 1, { $0.testAcc1 }), ("test_acc5", "Top-5", 1, { $0.testAcc5 }),
      ("test_loss", "Loss", 3, { $0.testLoss }),
      ("train_loss", "Training loss", 3, { $0.trainLoss }),
      ("train_lr", "Learning rate", 6, { $0.trainLr }),
      ("ema_test_acc1", "Top-1 of the average", 1, { $0.emaTestAcc1 }),
      ("ema_test_acc5", "Top-5 of the average", 1, { $0.emaTestAcc5 }),
      ("ema_test_loss", "Loss of the average", 3, { $0.emaTestLoss }),
      ("n_parameters", "Parameters", 0, { Double($0.parameters) }),
      ("bad_images", "Images not read", 0, { Double($0.badImages) }),
      ("seconds", "Seconds of the last epoch", 1, { $0.seconds }),
    ]
}

extension TrainingConfiguration {
  /// Whether a run of this configuration has a measure in the end.
  func measures(_ name: String) -> Bool {
    if name.hasPrefix("ema_") { return optimizer.modelEma }
    guard name.hasPrefix("nonlocality") || name.hasPrefix("gate") else { return true }
    guard running.localityEvery ?? 0 > 0, let model = try? modelConfiguration(classes: 2) else {
      return false
    }
    let layer = RunMeasures.layer(of: name) ?? 0
    guard name.hasPrefix("gate") else { return layer < model.depth }
    return model.family == .convit && layer < model.localUpToLayer
  }
}
