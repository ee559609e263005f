import Autodiff

/// What a model answers for one example.
package struct Answer: Sendable, Hashable {
  /// The example's index in the data set.
  package let index: Int
  /// Its class.
  package let label: Int
  /// The class with the largest logit: its own if that is larger than all others, as accuracies
  /// count it, else the first of the largest among the others.
  package let predicted: Int
  /// The softmax there.
  package let probability: Float
  /// The softmax at its own class.
  package let ownProbability: Float

  /// Whether its own class is the first.
  package var isRight: Bool { predicted == label }
}

extension Answer {
  /// The answers that logits [B, classes] are.
  static func all(_ logits: Tensor, labels: [Int], indices: [Int]) -> [Answer] {
    let probabilities = Tape(.inference).constant(logits).softmax().value
    let classes = logits.shape[1]
    return logits.withUnsafeBufferPointer { logits in
      probabilities.withUnsafeBufferPointer { shares in
        labels.indices.map { row in
          let (first, label) = (row * classes, labels[row])
          let predicted = (0..<classes).reduce(label) { best, other in
            let (mine, theirs) = (logits[first + best], logits[first + other])
            guard other != label else { return best }
            // A class counts behind its equals, and a NaN behind everything.
            return best == label ? (mine > theirs ? best : other) : (theirs > mine ? other : best)
          }
          return Answer(
            index: indices[row], label: label, predicted: predicted,
            probability: shares[first + predicted], ownProbability: shares[first + label])
        }
      }
    }
  }
}
