import CKernels

extension Variable {
  /// In training, sets each element to zero with probability `rate` and scales the others by
  /// 1 / (1 − rate) (Srivastava et al. 2014); elsewhere the input itself.
  ///
  /// The first axis is the samples', each with the random numbers of its own source.
  public func dropout(_ rate: Float) -> Variable {
    dropped(rate, name: "dropout") { $0.count / $1 }
  }

  /// In training, sets a whole sample to zero with probability `rate` and scales the others by
  /// 1 / (1 − rate) (stochastic depth, Huang et al. 2016); elsewhere the input itself.
  public func dropPath(_ rate: Float) -> Variable {
    dropped(rate, name: "dropPath") { _, _ in 1 }
  }

  /// Multiplies by a mask of which each sample draws `draws` numbers, each for an equal run of
  /// elements.
  private func dropped(
    _ rate: Float, name: StaticString, draws: (Tensor, _ samples: Int) -> Int
  ) -> Variable {
    precondition(rate >= 0 && rate < 1, "\(name): rate \(rate) is not in 0 ..< 1")
    guard rate > 0, let sources = tape.nextRandom() else { return self }
    precondition(
      !sources.isEmpty && shape.rank > 0 && shape[0] % sources.count == 0,
      "\(name): \(shape) is not a batch of \(sources.count) samples")
    let draws = draws(value, sources.count)
    let run = value.count / (sources.count * draws)
    var factors = Tensor(unsafeUninitialized: [sources.count * draws])
    let out = factors.mutablePointer()
    for (s, source) in sources.enumerated() {
      var random = source
      for i in 0..<draws {
        out[s * draws + i] = Float(random.uniform()) < rate ? 0 : 1 / (1 - rate)
      }
    }
    return scaled(byRuns: factors, of: run)
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
