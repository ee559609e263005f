import Autodiff
import Files
import Images

/// What a model's answers come to, class by class: accuracies, what is taken for what, and the
/// mistakes of which it is the most certain. As JSON, `evaluation.json` of `convit evaluate`.
package struct ClassificationReport: Sendable, Codable {
  package struct Class: Sendable, Codable {
    package let `class`: String
    /// Its images, those of them for which it was answered, and all for which it was.
    package let images, correct, answered: Int
    /// `correct` of `images` and of `answered`, in percent; none if there are none.
    package let acc1, precision: Double?
  }

  /// Images of a class for which another was answered.
  package struct Confusion: Sendable, Codable {
    package let `class`, predicted: String
    package let images: Int
  }

  /// An image that was taken for something else.
  package struct Mistake: Sendable, Codable {
    package let path, `class`, predicted: String
    /// How probable the model held its answer and the class; none if that is no number.
    package let probability, classProbability: Double?

    enum CodingKeys: String, CodingKey {
      case path, `class`, predicted, probability
      case classProbability = "class_probability"
    }
  }

  /// What a model was kept from using.
  package struct Mask: Sendable, Codable {
    /// GPSA layers, from the first, that attended by position alone, and by content alone.
    package let content, position: Int
    /// Whether the position embedding was left out.
    package let posEmbed: Bool

    package init(content: Int, position: Int, posEmbed: Bool) {
      (self.content, self.position, self.posEmbed) = (content, position, posEmbed)
    }

    enum CodingKeys: String, CodingKey {
      case content, position
      case posEmbed = "pos_embed"
    }
  }

  package let images: Int
  /// The group that probabilities were averaged over, if they were, and what was masked.
  package var average: String?
  package var mask: Mask?
  package let acc1, acc5: Double
  /// The mean loss; none if that is no number.
  package let loss: Double?
  /// The classes, in the order of the model's outputs.
  package let classes: [Class]
  /// What was taken for what, the most frequent first.
  package let confusions: [Confusion]
  /// The mistakes of which the model is the most certain, the worst first.
  package let mistakes: [Mistake]

  /// A report of answers for images of a folder; `name` is that of an output of the model.
  package init(
    _ totals: ClassificationTotals, _ answers: [Answer], of samples: [Example],
    name: (Int) -> String, mistakes most: Int
  ) {
    var counts: [[Int]: Int] = [:]
    for answer in answers { counts[[answer.label, answer.predicted], default: 0] += 1 }
    var (own, given) = ([Int: Int](), [Int: Int]())
    for (pair, count) in counts {
      own[pair[0], default: 0] += count
      given[pair[1], default: 0] += count
    }
    func percent(_ part: Int, of all: Int) -> Double? {
      all > 0 ? 100 * Double(part) / Double(all) : nil
    }
    (images, acc1, acc5) = (totals.images, totals.accuracy1, totals.accuracy5)
    loss = totals.finiteLoss
    classes = Set(own.keys).union(given.keys).sorted().map { label in
      let (images, answered) = (own[label] ?? 0, given[label] ?? 0)
      let correct = counts[[label, label]] ?? 0
      return Class(
        class: name(label), images: images, correct: correct, answered: answered,
        acc1: percent(correct, of: images), precision: percent(correct, of: answered))
    }
    confusions = counts.filter { $0.key[0] != $0.key[1] }
      .sorted { (-$0.value, $0.key[0], $0.key[1]) < (-$1.value, $1.key[0], $1.key[1]) }
      .map { Confusion(class: name($0.key[0]), predicted: name($0.key[1]), images: $0.value) }
    func finite(_ number: Float) -> Double? { number.isFinite ? Double(number) : nil }
    func certainty(_ answer: Answer) -> Float {
      finite(answer.probability) == nil ? 2 : answer.probability
    }
    let paths = Self.paths(of: samples)
    self.mistakes = answers.filter { !$0.isRight }
      .sorted { (-certainty($0), $0.index) < (-certainty($1), $1.index) }
      .prefix(most).map { answer in
        Mistake(
          path: paths[answer.index] ?? "", class: name(answer.label),
          predicted: name(answer.predicted), probability: finite(answer.probability),
          classProbability: finite(answer.ownProbability))
      }
  }
}

// Tables of it, for other programs.
extension ClassificationReport {
  package var classTable: String {
    CSV.table(
      [["class", "images", "correct", "answered", "acc1", "precision"]]
        + classes.map {
          [CSV.cell($0.class), "\($0.images)", "\($0.correct)", "\($0.answered)"]
            + [CSV.cell($0.acc1), CSV.cell($0.precision)]
        })
  }

  /// A row for each pair of class and answer that there is, the right ones among them.
  package var confusionTable: String {
    let right = classes.filter { $0.correct > 0 }.map { ($0.class, $0.class, $0.correct) }
    let all = right + confusions.map { ($0.class, $0.predicted, $0.images) }
    return CSV.table(
      [["class", "predicted", "images"]]
        + all.map { [CSV.cell($0.0), CSV.cell($0.1), "\($0.2)"] })
  }
}

extension ClassificationReport {
  /// The path of each sample by its index.
  private static func paths(of samples: [Example]) -> [Int: String] {
    Dictionary(samples.map { ($0.index, $0.path) }, uniquingKeysWith: { first, _ in first })
  }

  /// A row for each answer: the image, its class, what was answered, how probable the model held
  /// that and the class.
  package static func imageTable(
    _ answers: [Answer], of samples: [Example], name: (Int) -> String
  ) -> String {
    let paths = paths(of: samples)
    return CSV.table(
      [["path", "class", "predicted", "probability", "class_probability"]]
        + answers.map { answer in
          [paths[answer.index] ?? "", name(answer.label), name(answer.predicted)]
            .map { CSV.cell($0) } + ["\(answer.probability)", "\(answer.ownProbability)"]
        })
  }
}

/// What a model answers for one example.
package struct Answer: Sendable, Hashable {
  package let index, label: Int
  /// The class with the largest logit: its own if that is larger than all others, as accuracies
  /// count it, else the first of the largest among the others.
  package let predicted: Int
  /// The softmax there, and at its own class.
  package let probability, ownProbability: Float

  package var isRight: Bool { predicted == label }

  /// The answers that logits [B, classes] are.
  package static func all(_ logits: Tensor, labels: [Int], indices: [Int]) -> [Answer] {
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
