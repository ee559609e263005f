import Autodiff
import Images

extension ImageFolder {
  /// A sample of `count` images with as many of each class as there can be: a function of the
  /// folder and `seed` alone, in the folder's order. All images if there are no more.
  ///
  /// Classes take turns, in a new random order each time, until there are enough.
  package func balancedSample(_ count: Int, seed: UInt64) -> [Example] {
    inClassTurns(count, seed: seed).sorted { $0.index < $1.index }
  }

  /// The same in the order of the turns, so that the first of them are balanced, too.
  package func inClassTurns(_ count: Int, seed: UInt64) -> [Example] {
    let random = Random(seed: seed).split("locality sample")
    var waiting = Dictionary(grouping: samples, by: \.label).mapValues { samples in
      var source = random.split("class").split(samples[0].label)
      return source.permutation(samples.count).map { samples[$0] }
    }
    var chosen: [Sample] = []
    var turn = 0
    while chosen.count < min(count, samples.count) {
      let labels = waiting.keys.sorted()
      var source = random.split("turn").split(turn)
      for index in source.permutation(labels.count) where chosen.count < count {
        chosen.append(waiting[labels[index]]!.removeLast())
        if waiting[labels[index]]!.isEmpty { waiting[labels[index]] = nil }
      }
      turn += 1
    }
    return chosen
  }
}
