import CKernels

extension Variable {
  /// In training, sets each element to zero with probability `rate` and scales the others by
  /// 1 / (1 − rate) (Srivastava et al. 2014); elsewhere the input itself.
  ///
  /// The first axis is the samples', each with the random numbers of its own source.
  public func dropout(_ rate: Float) -> Variable {
    let samples = shape.sizes.first ?? 1
    guard
      let factors = tape.factors(rate, samples: samples, draws: value.count / Swift.max(samples, 1))
    else { return self }
    return scaled(byRuns: factors, of: 1)
  }

  /// In training, sets a whole sample to zero with probability `rate` and scales the others by
  /// 1 / (1 − rate) (stochastic depth, Huang et al. 2016); elsewhere the input itself.
  public func dropPath(_ rate: Float) -> Variable {
    guard let factors = tape.pathFactors(rate, samples: shape.sizes.first ?? 1) else { return self }
    return scaled(byRuns: Tensor([factors.count], factors), of: value.count / factors.count)
  }

  /// Multiplies each run of `length` elements by a factor of its own; so does the derivative.
  private func scaled(byRuns factors: Tensor, of length: Int) -> Variable {
    func scaled(_ x: Tensor) -> Tensor {
      if length == 1 { return x.map { ck_mul($0, $1, factors.pointer, $2) } }
      return Tensor(unsafeUninitialized: x.shape) { out in
        for run in 0..<factors.count {
          ck_scale(out + run * length, factors.pointer[run], x.pointer + run * length, length)
        }
      }
    }
    return tape.operation(scaled(value), of: [self]) { gradient, inputs in
      inputs.add(scaled(gradient), to: 0)
    }
  }
}

extension Tape {
  /// What stochastic depth multiplies each of `samples` slices of the first axis with; nil where
  /// nothing is dropped.
  func pathFactors(_ rate: Float, samples: Int) -> [Float]? {
    factors(rate, samples: samples, draws: 1)?.elements
  }

  /// `draws` factors for each sample, 0 with probability `rate` and else 1 / (1 − rate), from the
  /// sample's own source; nil where nothing is dropped.
  func factors(_ rate: Float, samples: Int, draws: Int) -> Tensor? {
    precondition(rate >= 0 && rate < 1, "dropout: rate \(rate) is not in 0 ..< 1")
    guard rate > 0, let sources = nextRandom() else { return nil }
    precondition(
      !sources.isEmpty && samples % sources.count == 0,
      "dropout: an axis of \(samples) for a batch of \(sources.count) samples")
    let each = samples / sources.count * draws
    return Tensor(unsafeUninitialized: [samples * draws]) { out in
      for (s, source) in sources.enumerated() {
        source.fill(out + s * each, each, droppedAt: rate)
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
  private let sources: [Random]  // one an image

  /// Dropout of an operator on `tape`; nil where nothing is dropped.
  init?(_ rate: Float, images: Int, on tape: Tape) {
    precondition(rate >= 0 && rate < 1, "attention: dropout rate \(rate) is not in 0 ..< 1")
    guard rate > 0, let sources = tape.nextRandom() else { return nil }
    precondition(
      !sources.isEmpty && images % sources.count == 0,
      "attention: \(images) images for a batch of \(sources.count) samples")
    let each = images / sources.count
    self.rate = rate
    self.sources = (0..<images).map { sources[$0 / each].split($0 % each) }
  }

  /// The factors of a head, [Nq, Nk].
  func factors(image: Int, head: Int, _ nq: Int, _ nk: Int) -> Tensor {
    Tensor(unsafeUninitialized: [nq, nk]) {
      sources[image].split(head).fill($0, nq * nk, droppedAt: rate)
    }
  }
}
