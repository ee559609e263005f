/// What was computed, in order, to be differentiated in reverse.
///
/// A tape holds a snapshot of a model's weights, which it never writes to, and belongs to one
/// thread: several threads differentiate the same model on tapes of their own. It is differentiated
/// once, and what was recorded is free then.
///
/// ```swift
/// let tape = Tape(weights, mode: .evaluation)
/// let loss = model(tape.constant(images)).crossEntropy(labels: labels).mean()
/// let gradients = tape.gradients(of: loss)
/// ```
public final class Tape {
  /// The weights of the forward pass.
  public let weights: ParameterStore
  /// What the pass is for.
  public let mode: Mode
  private var nodes: [Node] = []
  private var parameterNodes: [Int?]
  let sharedValues: SharedValues?
  let isRecording: Bool
  let pool: WorkerPool?  // threads inside of operators
  private var sharedNodes: [Int: Int] = [:]  // by place
  var randomOperators = 0
  /// The parameters and shared values that were asked for.
  private(set) var usedSlots: Set<Int> = []
  private(set) var usedPlaces: Set<Int> = []
  private var isUsedUp = false

  /// Elements from which each shard takes the derivative of a shared value itself: the maps of 4
  /// heads over 32 × 32 patches.
  public static let largeSharedCount = 1 << 22

  private struct Node {
    let inputs: [Int?]
    let derivative: Derivative?
  }

  /// Carries the derivative by an operator's value to its inputs.
  public typealias Derivative = (_ gradient: Tensor, _ inputs: inout Cotangents) -> Void

  /// An empty tape over a snapshot of weights.
  public convenience init(_ weights: ParameterStore, mode: Mode = .evaluation) {
    self.init(weights, mode: mode, shared: nil, pool: nil)
  }

  init(
    _ weights: ParameterStore, mode: Mode, shared: SharedValues?, isRecording: Bool? = nil,
    pool: WorkerPool? = nil
  ) {
    self.weights = weights
    self.mode = mode
    sharedValues = shared
    self.pool = pool
    self.isRecording = isRecording ?? mode.isRecorded
    parameterNodes = Array(repeating: nil, count: weights.tree.count)
  }

  /// An empty tape without parameters.
  public convenience init(mode: Mode = .evaluation) {
    self.init(ParameterStore(ParameterTree(NoParameters()), []), mode: mode)
  }
  private struct NoParameters: Module {}

  /// A value without derivative.
  public func constant(_ value: Tensor) -> Variable {
    Variable(tape: self, value: value, node: nil)
  }

  /// A value by which a derivative can be asked for.
  public func variable(_ value: Tensor) -> Variable {
    Variable(tape: self, value: value, node: isRecording ? record([], nil) : nil)
  }

  /// A parameter's value in this pass.
  public subscript(parameter: Parameter) -> Variable {
    let slot = weights.tree.slot(of: parameter)
    usedSlots.insert(slot)
    if isRecording && parameterNodes[slot] == nil && !weights.constants.contains(slot) {
      parameterNodes[slot] = record([], nil)
    }
    return Variable(tape: self, value: weights.values[slot], node: parameterNodes[slot])
  }

  /// A value that depends on parameters alone: computed once for all shards of a step, or here
  /// where there is none.
  ///
  /// - Parameters:
  ///   - key: the parameter that the value is known by; it can have one such value.
  ///   - compute: the value, on the tape that it is given and from nothing but its parameters.
  public func shared(
    _ key: Parameter, _ compute: @escaping (Tape) -> Variable
  ) -> Variable {
    guard let sharedValues else { return compute(self) }
    let (place, entry) = sharedValues.entry(of: key, compute)
    guard entry.isLarge else { return sharedVariable(place) }
    usedSlots.formUnion(entry.slots)
    return recorded(entry.value, of: [], slots: entry.slots, places: []) { [weights] _ in
      (compute(Tape(weights)), [])
    }
  }

  /// The shared value at a place.
  func sharedVariable(_ place: Int) -> Variable {
    guard let sharedValues else { preconditionFailure("Tape: it has no shared values") }
    usedPlaces.insert(place)
    if isRecording && sharedNodes[place] == nil { sharedNodes[place] = record([], nil) }
    return Variable(tape: self, value: sharedValues.value(at: place), node: sharedNodes[place])
  }

  /// An operator: its value, and how the derivative by the value becomes derivatives by the inputs.
  ///
  /// ```swift
  /// func cubed(_ x: Variable) -> Variable {
  ///   let value = …                                              // x³
  ///   return x.tape.operation(value, of: [x]) { gradient, inputs in
  ///     inputs.add(…, to: 0)                                     // 3x² · gradient
  ///   }
  /// }
  /// ```
  ///
  /// `derivative` should capture tensors and not variables, so that the tape does not hold itself.
  public func operation(
    _ value: Tensor, of inputs: [Variable], derivative: @escaping Derivative
  ) -> Variable {
    precondition(
      inputs.allSatisfy { $0.tape === self }, "Tape: the inputs of an operator are on other tapes")
    guard inputs.contains(where: { $0.node != nil }) else { return constant(value) }
    return Variable(
      tape: self, value: value, node: record(inputs.map(\.node), derivative))
  }

  private func record(_ inputs: [Int?], _ derivative: Derivative?) -> Int {
    precondition(!isUsedUp, "Tape: it was differentiated already; take a tape for each pass")
    nodes.append(Node(inputs: inputs, derivative: derivative))
    return nodes.count - 1
  }

  /// The sources of random numbers for the next operator that draws some: one a sample; nil when
  /// nothing is to be drawn.
  func nextRandom() -> [Random]? {
    guard case .training(let samples) = mode else { return nil }
    randomOperators += 1
    return samples.map { $0.split(randomOperators) }
  }

  // MARK: - Differentiation

  /// The derivative of a number by every parameter. The tape is used up.
  public func gradients(of loss: Variable) -> Gradients {
    var gradients = Gradients(weights.tree)
    accumulateGradients(of: loss, into: &gradients)
    return gradients
  }

  /// Adds the derivative of a number by every parameter to `gradients`, and returns the
  /// derivatives by the `variables` (zeros where it does not depend on one). The tape is used up.
  @discardableResult
  public func accumulateGradients(
    of loss: Variable, into gradients: inout Gradients, at variables: [Variable] = []
  ) -> [Tensor] {
    precondition(loss.tape === self, "Tape.gradients: the loss is on another tape")
    precondition(
      loss.value.count == 1, "Tape.gradients: the loss has shape \(loss.shape), not one element")
    return differentiate(
      from: [(loss, Tensor(repeating: 1, loss.shape))], into: &gradients, at: variables)
  }

  /// Adds the derivative of Σ seed · value over pairs of variables and seeds.
  @discardableResult
  func differentiate(
    from seeds: [(variable: Variable, seed: Tensor)], into gradients: inout Gradients,
    at variables: [Variable] = []
  ) -> [Tensor] {
    precondition(!isUsedUp, "Tape.gradients: it was differentiated already")
    isUsedUp = true
    var cotangents = Cotangents(count: nodes.count)
    // The only reference to a sum moves along, so that it is added to in place.
    for (slot, node) in parameterNodes.enumerated() {
      if let node { swap(&cotangents.values[node], &gradients.values[slot]) }
    }
    for (place, node) in sharedNodes {
      cotangents.values[node] = gradients.shared.removeValue(forKey: place)
    }
    for (variable, seed) in seeds {
      cotangents.inputs = [variable.node]
      cotangents.add(seed, to: 0)
    }
    while let node = nodes.popLast() {  // popped: what a derivative captured is free after it
      guard let derivative = node.derivative, let gradient = cotangents.values[nodes.count] else {
        continue
      }
      cotangents.values[nodes.count] = nil
      cotangents.inputs = node.inputs
      derivative(gradient, &cotangents)
    }
    for (slot, node) in parameterNodes.enumerated() {
      if let node { swap(&cotangents.values[node], &gradients.values[slot]) }
    }
    for (place, node) in sharedNodes { gradients.shared[place] = cotangents.values[node] }
    return variables.map { variable in
      variable.node.flatMap { cotangents.values[$0] } ?? Tensor(repeating: 0, variable.shape)
    }
  }
}
