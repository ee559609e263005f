import Foundation
import Recipes

/// A config in YAML: what is read is checked, written, and must read the same again.
struct ConfigTarget: Target {
  private let file = MemoryFile()

  func test(_ bytes: [UInt8]) {
    file.fill(bytes)
    guard let read = attempt({ try TrainingConfiguration(contentsOf: file.path) }) else { return }
    guard attempt({ try read.validate() }) != nil else { return }
    attempt { try read.modelConfiguration(classes: 10) }
    attempt { try read.data.decoder() }
    guard let text = attempt({ try read.yaml() }) else { return }
    file.fill(Array(text.utf8))
    let again = attempt { try TrainingConfiguration(contentsOf: file.path) }
    check(again == read, "read back differently:\n\(text)")
  }

  func writeSeeds(to folder: String) throws {
    try write(try TrainingConfiguration().yaml().utf8, "defaults", to: folder)
    try write("Batch_Size: 4\n--- {lr: .nan, opt-betas: [0.9, .5]}\n".utf8, "forms", to: folder)
    try write("a: &a [1, 2]\ninput_size: 160x288\nno-shuffle: true\n".utf8, "alias", to: folder)
  }
}
