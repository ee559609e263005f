extension Tape {
  /// A value that depends on parameters alone: computed once for all shards of a step, or here
  /// where there is none.
  ///
  /// - Parameters:
  ///   - key: the parameter that the value is known by; it can have one such value.
  ///   - compute: the value, on the tape that it is given and from nothing but its parameters.
  /// - Precondition: no other line of the source shares a value by that parameter.
  public func shared(
    _ key: Parameter, file: StaticString = #fileID, line: UInt = #line,
    _ compute: @escaping (Tape) -> Variable
  ) -> Variable {
    shared(key, from: compute, file: file, line: line) { $0($1) }
  }

  /// A value that depends on parameters alone, computed from `source`: as `compute` then has
  /// nothing to capture, nothing is allocated for it.
  package func shared<Source>(
    _ key: Parameter, from source: Source, file: StaticString = #fileID, line: UInt = #line,
    _ compute: @escaping (Source, Tape) -> Variable
  ) -> Variable {
    let (slot, site) = (weights.tree.slot(of: key), CallSite(file: file, line: line))
    sharedLeaves.checkSite(site, of: slot, in: weights.tree)
    guard let sharedValues else { return compute(source, self) }
    let entry = sharedValues.entry(slot) { compute(source, $0) }
    guard entry.isLarge else { return sharedVariable(slot) }
    return recorded(entry.value, of: [], slots: entry.slots, places: []) { [weights, pass] _ in
      (compute(source, Tape(weights, pass.ofParametersAlone)), [])
    }
  }

  func sharedVariable(_ slot: Int) -> Variable {
    guard let sharedValues else { fatalError("Tape: it has no shared values") }
    let value = sharedValues.value(at: slot)
    return Variable(
      tape: self, value: value,
      node: sharedLeaves.use(slot) { leaf(value.shape, "shared \(weights.tree.names[slot])") })
  }
}
