import CKernels
import Foundation

extension Variable {
  /// Cross-entropy of logits [B, C] against distributions over the classes [B, C], a loss for each
  /// sample [B]: −Σ_c t_c · log softmax(x)_c.
  ///
  ///     dx = dy · (softmax(x) · Σ t − t)
  public func crossEntropy(_ targets: Tensor) -> Variable {
    checkPrecondition(
      shape.rank == 2 && targets.shape == shape,
      "crossEntropy: logits \(shape) and targets \(targets.shape), expected [examples, classes] of "
        + "both: tokens are pooled before the head, as by mean(1)")
    checkLogits()
    let (rows, columns) = shape.matrix
    let logarithms = Tensor(unsafeUninitialized: shape) {
      ck_log_softmax($0, value.pointer, rows, columns)
    }
    let losses = Tensor(unsafeUninitialized: [rows]) { out in
      for r in 0..<rows {
        out[r] = -ck_dot(
          targets.pointer + r * columns, logarithms.pointer + r * columns, columns)
      }
    }
    return tape.operation(losses, of: [self], saving: (targets, logarithms)) { saved, dy, inputs in
      let (targets, logarithms) = saved
      let (rows, columns) = targets.shape.matrix
      let dx = Tensor(unsafeUninitialized: targets.shape) { out in
        let dl = Tensor(unsafeUninitialized: targets.shape) { dl in  // by log softmax: −dy · t
          for r in 0..<rows {
            ck_scale(dl + r * columns, -dy.pointer[r], targets.pointer + r * columns, columns)
          }
        }
        ck_log_softmax_backward(out, logarithms.pointer, dl.pointer, rows, columns)
      }
      inputs.add(dx, to: 0)
    }
  }

  /// Stops the program if rows are probabilities: of these the softmax would be taken once more,
  /// and training would be slow and bad without a word.
  private func checkLogits() {
    let (rows, columns) = shape.matrix
    guard rows > 0, columns > 1 else { return }
    func isDistribution(_ row: Int) -> Bool {
      let values = UnsafeBufferPointer(start: value.pointer + row * columns, count: columns)
      return values.allSatisfy { $0 >= 0 } && abs(values.reduce(0, +) - 1) < 1e-5
    }
    checkPrecondition(
      !(0..<rows).allSatisfy(isDistribution),
      "crossEntropy: the rows of \(shape) are probabilities; it takes logits, before a softmax")
  }

  /// Cross-entropy of logits [B, C] against class numbers, a loss for each sample [B].
  ///
  /// With `smoothing` s the target is 1 − s on the class and s / C spread over all of them
  /// (Szegedy et al. 2016; timm's `LabelSmoothingCrossEntropy`).
  public func crossEntropy(labels: some Sequence<Int>, smoothing: Float = 0) -> Variable {
    let labels = Array(labels)
    checkPrecondition(
      shape.rank == 2 && labels.count == shape[0],
      "crossEntropy: logits \(shape) and \(labels.count) labels, expected [labels, classes]: "
        + "tokens are pooled before the head, as by mean(1)")
    return crossEntropy(Tensor.targets(labels[...], classes: shape[1], smoothing: smoothing))
  }

  /// Cross-entropy of each logit by itself, [B, C], against targets in 0 … 1, [B, C]; the mean over
  /// the classes is the loss of a sample, [B]: 1/C · Σ_c −t · log σ(x) − (1 − t) · log(1 − σ(x)).
  ///
  ///     dx = dy / C · (σ(x) − t)
  public func binaryCrossEntropy(_ targets: Tensor) -> Variable {
    checkPrecondition(
      shape.rank == 2 && targets.shape == shape,
      "binaryCrossEntropy: logits \(shape), targets \(targets.shape)")
    let (rows, columns) = shape.matrix
    let (x, t) = (value, targets)
    let losses = Tensor(unsafeUninitialized: [rows]) { out in
      for r in 0..<rows {
        var sum = 0.0
        for i in r * columns..<(r + 1) * columns {
          let logit = x.pointer[i]  // log σ(x) = min(x, 0) − log(1 + e^−|x|)
          sum += Double(Swift.max(logit, 0) - logit * t.pointer[i] + log1pf(expf(-abs(logit))))
        }
        out[r] = Float(sum / Double(columns))
      }
    }
    return tape.operation(losses, of: [self], saving: (x, t)) { saved, dy, inputs in
      let (x, t) = saved
      let (rows, columns) = x.shape.matrix
      var dx = x.map(ck_sigmoid) - t
      let out = dx.mutablePointer()
      for r in 0..<rows {
        let row = out + r * columns
        ck_scale(row, dy.pointer[r] / Float(columns), row, columns)
      }
      inputs.add(dx, to: 0)
    }
  }
}

extension Tensor {
  /// Distributions [B, C]: 1 − `smoothing` on the label, the rest evenly over all classes.
  package static func targets(
    _ labels: ArraySlice<Int>, classes: Int, smoothing: Float = 0
  ) -> Tensor {
    Tensor(unsafeUninitialized: [labels.count, classes]) { out in
      ck_fill(out, smoothing / Float(classes), labels.count * classes)
      for (row, label) in labels.enumerated() {
        checkPrecondition(
          0..<classes ~= label,
          "targets: label \(label) of \(classes) classes, which are 0 to \(classes - 1)")
        out[row * classes + label] += 1 - smoothing
      }
    }
  }
}
