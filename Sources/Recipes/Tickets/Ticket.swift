import Autodiff
import ConViT
import Files
import Foundation
import Images
import Safetensors
import Tickets
import Training

/// A sparse model to be trained: weights to start from, what is kept of them, the critical images
/// that were found with it, if any, and how it was found. Nothing of it depends on when or how
/// fast that was.
package struct Ticket: Sendable {
  /// The model at the weights of the rewind step, those that are pruned 0, and the masks.
  package let saved: SavedModel
  package let critical: PracSet?
  package let log: Log

  /// How a ticket was found.
  package struct Log: Sendable, Hashable, Codable {
    package var method: TicketSettings.Method
    package var seed: UInt64
    /// From 1.
    package var round: Int
    package var rewindStep: Int
    /// The weights that are left, of those that may go.
    package var kept, prunable: Int
    /// Layers of which nothing is left.
    package var emptyLayers: [String]
    /// The trainings that led to it, from the dense one on; of methods without rounds, none.
    package var rounds: [Round]

    package var sparsity: Double { 1 - Double(kept) / Double(max(prunable, 1)) }
  }

  /// A training of a search.
  package struct Round: Sendable, Hashable, Codable {
    /// The images it was on, of all.
    package var images, of: Int
    package var epochs, steps: Int
    /// How far the mask of each epoch was from the one before.
    package var distances: [Double]
    /// The critical images it found, by either way; nil of methods that look for none.
    package var forgotten, disagreeing: Int?
    /// Whether there were none, and the set before was kept.
    package var foundNone: Bool?
  }

  init(_ model: SavedModel, _ masks: ParameterMasks, critical: PracSet?, log: Log) {
    var saved = model
    saved.weights.apply(masks)
    saved.masks = masks
    (self.saved, self.critical, self.log) = (saved, critical, log)
  }

  /// The ticket in a file.
  package init(contentsOf path: String) throws {
    let file = try WeightsSource.open(path)
    saved = try SavedModel(file, at: path, as: .init())
    guard let text = file.metadata["ticket"], saved.masks != nil,
      let log = try? JSONDecoder().decode(Log.self, from: Data(text.utf8))
    else { throw TrainingError("\(path): not a ticket, as it has no masks, or no log of one") }
    self.log = log
    critical =
      file.info(PracSet.indicesName) == nil ? nil : try PracSet(contentsOf: path)
  }

  func write(to path: String) throws {
    var tensors: [OutputTensor] = []
    var texts = ["ticket": try JSON.text(log)]
    if let critical {
      let count = critical.indices.count
      tensors = [
        OutputTensor(name: PracSet.indicesName, shape: [count], integers: critical.indices),
        OutputTensor(name: PracSet.forgottenName, shape: [count], integers: critical.forgotten),
      ]
      texts[PracSet.dataName] = try JSON.text(critical.data)
    }
    try saved.write(saved.weights.outputTensors + tensors, metadata: texts, to: path)
  }
}
