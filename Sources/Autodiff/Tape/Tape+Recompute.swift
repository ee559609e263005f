extension Tape {
  /// `body` of the inputs without keeping what it computed on the way: it runs once more when its
  /// derivative is asked for, with the same random numbers. Memory is saved for time.
  ///
  /// `body` must work on the variables that it is given, and on parameters of their tape.
  public func recomputed(
    _ inputs: [Variable], _ body: @escaping ([Variable]) -> Variable
  ) -> Variable {
    // A derivative that is looked at inside may be all that is asked for.
    let looks = tapState.record?.taps.withDerivatives == true
    guard isRecording, !looks || inputs.contains(where: { $0.node != nil }) else {
      return body(inputs)
    }
    let (weights, pass, shared, start) = (weights, pass, sharedValues, randomOperators)
    func tape(isRecorded: Bool, _ tapState: TapState) -> Tape {
      var pass = pass
      (pass.isRecorded, pass.taps) = (isRecorded, nil)
      let tape = Tape(weights, pass, shared: shared)
      (tape.randomOperators, tape.tapState) = (start, tapState)
      return tape
    }
    // What is looked at is shown now; the derivatives by it come when it is computed once more.
    let first = tapState.replayed ?? tapped.count
    let again = tapState.record.flatMap { $0.taps.withDerivatives ? $0 : nil }
    let forward = tape(
      isRecorded: false, TapState(record: tapState.record, replayed: tapState.replayed))
    let value = body(inputs.map { forward.constant($0.value) }).value
    randomOperators = forward.randomOperators
    tapState.replayed = forward.tapState.replayed
    return recorded(
      value, of: inputs, slots: forward.parameters.used, places: forward.sharedLeaves.used
    ) { values in
      let tape = tape(isRecorded: true, TapState(record: again, replayed: first))
      let variables = values.map { $0.isNeeded ? tape.variable($0.value) : tape.constant($0.value) }
      return (body(variables), variables)
    }
  }

  /// A value of which the computation is recorded anew, on a tape of its own, for the derivative.
  /// Beside inputs it depends on the parameters of `slots` and the shared values of `places`.
  func recorded(
    _ value: Tensor, of inputs: [Variable], slots: [Int], places: [Int],
    _ again: @escaping ([(value: Tensor, isNeeded: Bool)]) -> (Variable, [Variable])
  ) -> Variable {
    let tree = weights.tree
    let values = inputs.map(\.value)
    let others = slots.map { self[tree.parameters[$0]] } + places.map(sharedVariable)
    return operation(value, of: inputs + others) { gradient, cotangents in
      let (result, variables) = again(
        values.enumerated().map { ($1, cotangents.isNeeded($0)) })
      var gradients = Gradients(tree)
      func exchangeSums() {  // moved, so that they are added to in place
        for (slot, input) in zip(slots, values.count...) {
          cotangents.exchange(input, with: &gradients.values[slot])
        }
        for (place, input) in zip(places, (values.count + slots.count)...) {
          cotangents.exchange(input, with: &gradients.shared[place])
        }
      }
      exchangeSums()
      let derivatives = result.tape.differentiate(
        result, by: gradient, into: &gradients, at: variables)
      exchangeSums()
      for (index, derivative) in derivatives.enumerated() { cotangents.add(derivative, to: index) }
    }
  }
}
