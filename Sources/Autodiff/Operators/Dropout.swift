import CKernels

extension Variable {
  /// In training, sets each element to zero with probability `rate` and scales the others by
  /// 1 / (1 − rate) (Srivastava et al. 2014); elsewhere the input itself.
  ///
  /// The first axis is the samples', each with the random numbers of its own source.
  public func dropout(_ rate: Float) -> Variable {
    let draws = value.count / Swift.max(samples, 1)
    return tape.factors(rate, samples: samples, draws: draws).map(scaled) ?? self
  }

  /// In training, sets a whole sample to zero with probability `rate` and scales the others by
  /// 1 / (1 − rate) (stochastic depth, Huang et al. 2016); elsewhere the input itself.
  public func dropPath(_ rate: Float) -> Variable {
    tape.factors(rate, samples: samples, draws: 1).map(scaled) ?? self
  }

  var samples: Int { shape.rank > 0 ? shape[0] : 1 }

  /// Multiplies each run of elements by a factor of its own; so does the derivative.
  private func scaled(byRuns factors: Tensor) -> Variable {
    tape.operation(value.scaled(byRuns: factors), of: [self], saving: factors) {
      factors, gradient, inputs in inputs.add(gradient.scaled(byRuns: factors), to: 0)
    }
  }
}

extension Tensor {
  /// Each of as many runs of elements as there are factors times its factor.
  fileprivate func scaled(byRuns factors: Tensor) -> Tensor {
    let length = count / factors.count
    if length == 1 { return map { ck_mul($0, $1, factors.pointer, $2) } }
    return Tensor(unsafeUninitialized: shape) { out in
      for run in 0..<factors.count {
        ck_scale(out + run * length, factors.pointer[run], pointer + run * length, length)
      }
    }
  }
}

extension Tape {
  /// The sources of random numbers of the samples; nil where nothing is dropped.
  fileprivate func sources(_ rate: Float) -> ArraySlice<Random>? {
    checkPrecondition(
      !needsRandomness || pass.randomness != nil,
      "dropout: a rate of \(rate) in a training step without random numbers; give "
        + "Pass(randomness:) a source for each sample, or an empty array to drop nothing")
    return pass.randomness.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// `draws` factors for each of the samples, 0 with probability `rate` and else 1 / (1 − rate),
  /// from the sample's own source; nil where nothing is dropped.
  func factors(_ rate: Float, samples: Int, draws: Int) -> Tensor? {
    checkPrecondition(rate >= 0 && rate < 1, "dropout: rate \(rate) is not in 0 ..< 1")
    guard rate > 0, let sources = sources(rate) else { return nil }
    checkPrecondition(
      samples % sources.count == 0,
      "dropout: an axis of \(samples) for a batch of \(sources.count) samples")
    randomOperators += 1
    let each = samples / sources.count * draws
    return Tensor(unsafeUninitialized: [samples * draws]) { out in
      for (s, source) in sources.enumerated() {
        source.split(randomOperators).fill(out + s * each, each, droppedAt: rate)
      }
    }
  }
}

extension Random {
  /// Writes factors of dropout: 0 with probability `rate` and else 1 / (1 − rate).
  fileprivate func fill(_ out: UnsafeMutablePointer<Float>, _ count: Int, droppedAt rate: Float) {
    var random = self
    for i in 0..<count { out[i] = Float(random.uniform()) < rate ? 0 : 1 / (1 - rate) }
  }
}

/// What dropout multiplies the attention of each image and head with; drawn for one head at a time,
/// and once more for the derivative, so that memory does not grow with the square of the sequence.
struct AttentionDropout {
  private let rate: Float
  private let sources: ArraySlice<Random>  // one a sample, of which there may be several images
  private let operation: Int
  private let each: Int  // images of a sample

  /// Dropout of an operator on `tape`; nil where nothing is dropped.
  init?(_ rate: Float, images: Int, on tape: Tape) {
    checkPrecondition(rate >= 0 && rate < 1, "attention: dropout rate \(rate) is not in 0 ..< 1")
    guard rate > 0, let sources = tape.sources(rate) else { return nil }
    checkPrecondition(
      images % sources.count == 0,
      "attention: \(images) images for a batch of \(sources.count) samples")
    each = images / sources.count
    tape.randomOperators += 1
    operation = tape.randomOperators
    (self.rate, self.sources) = (rate, sources)
  }

  /// The factors of a head, [Nq, Nk].
  func factors(image: Int, head: Int, _ nq: Int, _ nk: Int) -> Tensor {
    Tensor(unsafeUninitialized: [nq, nk]) {
      source(image, head).fill($0, nq * nk, droppedAt: rate)
    }
  }

  /// The factors of a tile of a head, [queries, keys], whichever tiles of queries there are.
  func factors(image: Int, head: Int, _ queries: Range<Int>, _ keys: Range<Int>) -> Tensor {
    let source = source(image, head)
    return Tensor(unsafeUninitialized: [queries.count, keys.count]) { out in
      for (row, query) in queries.enumerated() {
        source.split(query).split(keys.lowerBound)
          .fill(out + row * keys.count, keys.count, droppedAt: rate)
      }
    }
  }

  private func source(_ image: Int, _ head: Int) -> Random {
    sources[sources.startIndex + image / each].split(operation).split(image % each).split(head)
  }
}
