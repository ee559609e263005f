/// What was computed, in order, to be differentiated in reverse.
///
/// A tape holds a snapshot of a model's weights, which it never writes to, and belongs to one
/// thread: several threads differentiate the same model on tapes of their own. It is differentiated
/// once, and what was recorded is free then.
///
/// ```swift
/// let tape = Tape(weights)
/// let loss = model(tape.constant(images)).crossEntropy(labels: labels).mean()
/// let gradients = tape.gradients(of: loss)
/// ```
public final class Tape {
  package private(set) var weights: ParameterStore
  /// What the pass is for.
  public private(set) var pass: Pass
  private(set) var sharedValues: SharedValues?
  var packedWeights: PackedWeights? { sharedValues?.packed }
  var isRecording: Bool { pass.isRecorded }
  private(set) var pool: WorkerPool?  // threads inside of operators
  private var frozen: [Bool] = []  // by slot; empty where nothing is
  var randomOperators = 0
  /// Whether dropout without randomness is a mistake, as in a step of a training.
  var needsRandomness = false
  var tapState = TapState()
  var trace: Trace?  // notes the operators with their values, for an exporter

  /// Operators, and values without one: the first `count`; behind them are those of longer passes.
  private var nodes: [(operation: (any Node)?, inputs: Range<Int>)] = []
  private var count = 0
  private var cotangents = Cotangents()
  /// The parameters and shared values that were asked for, these by the slots of their keys.
  var (parameters, sharedLeaves) = (Leaves(), Leaves())
  private var isUsedUp = false
  private(set) var operatorsMade = 0  // operators for which no object was left from a pass before

  /// Carries the derivative by an operator's value to its inputs, from what was saved for it.
  typealias DerivativeOfSaved<Saved> = (
    _ saved: Saved, _ gradient: Tensor, _ inputs: inout Cotangents
  ) -> Void

  /// An empty tape over a snapshot of weights.
  public convenience init(_ weights: ParameterStore, _ pass: Pass = Pass()) {
    self.init(weights, pass, shared: nil)
  }

  /// An empty tape without parameters.
  public convenience init(_ pass: Pass = Pass()) { self.init(.none, pass) }

  init(
    _ weights: ParameterStore, _ pass: Pass, shared: SharedValues?, pool: WorkerPool? = nil
  ) {
    (self.weights, self.pass) = (weights, pass)
    begin(weights, pass, shared: shared, pool: pool)
  }

  /// Begins another pass, in the memory of the last. Nobody else may hold the tape.
  func begin(
    _ weights: ParameterStore, _ pass: Pass, shared: SharedValues?, pool: WorkerPool? = nil
  ) {
    (self.weights, self.pass) = (weights, pass)
    (sharedValues, self.pool) = (shared, pool)
    frozen = pass.frozen.isContained(weights.tree)
    if let taps = pass.taps { checkPlaces(taps.written, of: "Taps") }
    if let edits = pass.edits { checkPlaces(edits.patterns, of: "Edits") }
    tapState.record = pass.taps.map { TapRecord($0) }
    (randomOperators, isUsedUp, needsRandomness) = (0, false, false)
    parameters.begin(weights.tree.count)
    sharedLeaves.begin(weights.tree.count)
  }

  /// Frees what the pass holds, but for the memory in which another can begin.
  func end() {
    for index in 0..<count { nodes[index].operation?.clear() }
    count = 0
    cotangents.clear()
    (weights, pass, sharedValues, pool, trace) = (.none, .inference, nil, nil, nil)
    tapState = TapState()
  }

  // MARK: - Values

  /// A value without derivative.
  public func constant(_ value: Tensor) -> Variable {
    Variable(tape: self, value: value, node: nil)
  }

  /// A value by which a derivative can be asked for.
  public func variable(_ value: Tensor) -> Variable {
    Variable(tape: self, value: value, node: leaf(value.shape))
  }

  /// A parameter's value in this pass.
  public subscript(parameter: Parameter) -> Variable {
    let slot = weights.tree.slot(of: parameter)
    let value = weights.values[slot]
    let node = parameters.use(slot) {
      !frozen.isEmpty && frozen[slot] ? nil : leaf(value.shape, weights.tree.names[slot])
    }
    return Variable(tape: self, value: value, node: node)
  }

  // MARK: - Operators

  /// An operator: its value, and how the derivative by the value becomes derivatives by the inputs.
  ///
  /// ```swift
  /// func cubed(_ x: Variable) -> Variable {
  ///   let value = …                                              // x³
  ///   return x.tape.operation(value, of: [x], saving: x.value) { x, gradient, inputs in
  ///     inputs.add(…, to: 0)                                     // 3x² · gradient
  ///   }
  /// }
  /// ```
  ///
  /// `derivative` should take all that it needs from what is saved: a closure that captures nothing
  /// is no allocation. It should not hold variables, or the tape would hold itself. Where costs are
  /// counted, the operator is called by the `name` of the function that it stands in.
  public func operation<let count: Int, Saved>(
    _ value: Tensor, of inputs: InlineArray<count, Variable>, saving saved: Saved,
    name: StaticString = #function,
    derivative: @escaping (_ saved: Saved, _ gradient: Tensor, _ inputs: inout Cotangents) -> Void
  ) -> Variable {
    operation(value, of: inputs, saving: saved, as: .other, name: name, derivative: derivative)
  }

  /// The same of an operator that an exporter knows.
  func operation<let count: Int, Saved>(
    _ value: Tensor, of inputs: InlineArray<count, Variable>, saving saved: Saved,
    as operation: @autoclosure () -> TracedOperation, name: StaticString = #function,
    derivative: @escaping DerivativeOfSaved<Saved>
  ) -> Variable {
    for index in inputs.indices { connect(inputs[index]) }
    return self.operation(value, ofLast: count, saving: saved, operation(), name, derivative)
  }

  /// An operator of any number of inputs, with a derivative that captures what it needs.
  public func operation(
    _ value: Tensor, of inputs: [Variable], name: StaticString = #function,
    derivative: @escaping (_ gradient: Tensor, _ inputs: inout Cotangents) -> Void
  ) -> Variable {
    for input in inputs { connect(input) }
    return operation(value, ofLast: inputs.count, saving: derivative, .other, name) { $0($1, &$2) }
  }

  private func connect(_ input: Variable) {
    checkPrecondition(
      input.tape === self,
      "Tape: the inputs of an operator are on other tapes; one tape has all values of a pass")
    cotangents.edges.append(input.node)
    trace?.inputs.append(input.value)
  }

  private func operation<Saved>(
    _ value: Tensor, ofLast inputs: Int, saving saved: Saved,
    _ operation: @autoclosure () -> TracedOperation, _ name: StaticString,
    _ derivative: @escaping DerivativeOfSaved<Saved>
  ) -> Variable {
    let edges = cotangents.edges.count - inputs..<cotangents.edges.count
    trace?.note(operation(), name, value)
    let isConstant = !cotangents.edges[edges].contains { $0 != nil }
    DryRun.current?.note(
      "\(name)", Array(cotangents.edges[edges]), isConstant ? nil : count, value.shape)
    guard !isConstant else {
      cotangents.edges.removeSubrange(edges)
      return constant(value)
    }
    let place = place(edges, value.shape)
    let node: SavedNode<Saved>
    if let last = nodes[place].operation as? SavedNode<Saved> {
      node = last
    } else {
      node = SavedNode()
      operatorsMade += 1
      nodes[place].operation = node
    }
    node.save(saved, derivative)
    return Variable(tape: self, value: value, node: place)
  }

  /// The node of a value without operator; none where nothing is recorded.
  func leaf(_ shape: Shape, _ name: @autoclosure () -> String = "input") -> Int? {
    guard isRecording else { return nil }
    DryRun.current?.note(name(), [], count, shape)
    let place = place(0..<0, shape)
    nodes[place].operation = nil
    return place
  }

  private func place(_ inputs: Range<Int>, _ shape: Shape) -> Int {
    checkPrecondition(!isUsedUp, "Tape: it was differentiated already; take a tape for each pass")
    if count == nodes.count { nodes.append((nil, inputs)) }
    nodes[count].inputs = inputs
    cotangents.shapes.append(shape)
    defer { count += 1 }
    return count
  }

  // MARK: - Differentiation

  /// The derivative of a number by every parameter. The tape is used up.
  public func gradients(of loss: Variable) -> Gradients {
    var gradients = Gradients(weights.tree)
    accumulateGradients(of: loss, into: &gradients)
    return gradients
  }

  /// Adds the derivative of a number by every parameter to `gradients`, and returns the
  /// derivatives by the `variables`, which may be any values on the tape (zeros where the number
  /// does not depend on one). The tape is used up.
  @discardableResult
  public func accumulateGradients(
    of loss: Variable, into gradients: inout Gradients, at variables: [Variable] = []
  ) -> [Tensor] {
    checkPrecondition(loss.tape === self, "Tape.gradients: the loss is on another tape")
    checkPrecondition(
      isRecording,
      "Tape.gradients: this pass is for inference and records nothing; use Tape(weights)")
    checkPrecondition(
      loss.value.count == 1,
      "Tape.gradients: the loss has shape \(loss.shape), expected one number, such as its mean()")
    return differentiate(
      loss, by: Tensor(repeating: 1, loss.shape), into: &gradients, at: variables)
  }

  /// Adds the derivative of Σ seed · value.
  @discardableResult
  func differentiate(
    _ variable: Variable, by seed: Tensor, into gradients: inout Gradients,
    at variables: [Variable] = []
  ) -> [Tensor] {
    checkPrecondition(
      !isUsedUp, "Tape.gradients: it was differentiated already; take a tape for each pass")
    checkPrecondition(
      gradients.tree.hasShapes(of: weights.tree),
      "Tape.accumulateGradients: 'into' is of the \(gradients.tree.count) parameters of another "
        + "model"
    )
    for variable in variables {
      checkPrecondition(
        variable.tape === self, "Tape.gradients: a variable to differentiate by is on another tape")
    }
    isUsedUp = true
    var cotangents = Cotangents()
    swap(&cotangents, &self.cotangents)
    cotangents.precision = pass.precision
    cotangents.values.append(contentsOf: repeatElement(nil, count: count))
    // The only reference to a sum moves along, so that it is added to in place.
    parameters.exchange(&cotangents, with: &gradients.values)
    sharedLeaves.exchange(&cotangents, with: &gradients.shared)
    let asks = variables.compactMap(\.node) + tapState.asked.map(\.node)
    var asked = AskedDerivatives(asks, &cotangents)
    if let node = variable.node { cotangents.add(seed, at: node) }
    while count > 0 {
      count -= 1
      asked.keep(count, of: cotangents)
      guard let node = nodes[count].operation else { continue }
      guard let gradient = cotangents.values[count] else {
        node.clear()
        continue
      }
      cotangents.values[count] = nil
      cotangents.inputs = nodes[count].inputs
      node.differentiate(gradient, &cotangents)
    }
    asked.putBack(&cotangents)
    parameters.exchange(&cotangents, with: &gradients.values)
    sharedLeaves.exchange(&cotangents, with: &gradients.shared)
    let derivatives = variables.map { asked.derivative(by: $0.node, $0.shape) }
    for (entry, node) in tapState.asked {
      tapState.record?.setDerivative(
        asked.derivative(by: node, cotangents.shapes[node]), of: entry)
    }
    tapState.asked.removeAll()
    cotangents.clear()
    swap(&cotangents, &self.cotangents)
    return derivatives
  }
}
