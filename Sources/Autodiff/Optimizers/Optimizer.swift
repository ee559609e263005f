/// How weights follow from gradients, step by step, and what is remembered in between.
public protocol Optimizer: Sendable {
  /// The steps made.
  var steps: Int { get set }
  /// What is remembered, shaped like the weights, each under PyTorch's name for it: all that a
  /// checkpoint must hold beside `steps`. The names and their order stay.
  var state: [(name: String, store: ParameterStore)] { get set }

  /// One step: `weights` change in place, parameter by parameter on the threads of `pool`.
  ///
  /// - Parameters:
  ///   - weights: what is to change.
  ///   - gradients: the derivatives of the loss.
  ///   - rate: the learning rate.
  ///   - scale: what the gradients are multiplied with first, to clip them.
  ///   - pool: whose threads work.
  mutating func step(
    _ weights: inout ParameterStore, by gradients: Gradients, rate: Double, scale: Float,
    on pool: WorkerPool)
}

extension Optimizer {
  /// One step by the gradients as they are.
  public mutating func step(
    _ weights: inout ParameterStore, by gradients: Gradients, rate: Double, on pool: WorkerPool
  ) {
    step(&weights, by: gradients, rate: rate, scale: 1, on: pool)
  }
}

/// An optimiser whose step of a parameter follows from its gradient and one or two moments.
package protocol MomentOptimizer: Optimizer {
  var groups: ParameterGroups { get }
  var moments: Moments { get set }
  func update(_ parameter: ParameterStep)
}

/// The moments of the gradients, shaped like the weights, under PyTorch's names.
package struct Moments: Sendable {
  fileprivate var names: [String]
  package private(set) var first = ParameterStore.none
  package private(set) var second = ParameterStore.none
  fileprivate var steps = 0

  init(_ tree: ParameterTree, _ names: String...) {
    self.names = names
    first = .zeros(tree)
    if names.count > 1 { second = .zeros(tree) }
  }

  fileprivate static let none = Moments(ParameterStore.none.tree)

  fileprivate var stores: [ParameterStore] {
    get { Array([first, second].prefix(names.count)) }
    set {
      first = newValue[0]
      if newValue.count > 1 { second = newValue[1] }
    }
  }

  /// Calls `body` with each slot that has a gradient and a rate, on the threads of `pool`.
  ///
  /// A parameter that is frozen in the pass, or that the loss does not depend on, has no gradient
  /// and stays as it is, without decay, as in PyTorch where its `grad` is None.
  fileprivate mutating func forEachTrained(
    _ weights: inout ParameterStore, _ gradients: Gradients, _ groups: ParameterGroups,
    rate: Double, scale: Float, on pool: WorkerPool, _ body: (ParameterStep) -> Void
  ) {
    let steps = steps
    weights.values.withUnsafeMutableBufferPointer { w in
      first.values.withUnsafeMutableBufferPointer { m in
        second.values.withUnsafeMutableBufferPointer { v in
          pool.run(w.count) { slot in
            guard groups.rates[slot] != 0, let gradient = gradients.values[slot] else { return }
            WorkMeter.measure(.optimizer) {
              body(
                ParameterStep(
                  weight: w[slot].mutablePointer(), first: m[slot].mutablePointer(),
                  second: v.isEmpty ? nil : v[slot].mutablePointer(), gradient: gradient.pointer,
                  count: gradient.count, scale: scale, rate: Float(rate * groups.rates[slot]),
                  decay: groups.decays[slot], number: steps))
            }
          }
        }
      }
    }
  }
}

package struct ParameterStep {
  let (weight, first): (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
  let second: UnsafeMutablePointer<Float>?
  let gradient: UnsafePointer<Float>
  let count: Int
  let (scale, rate, decay): (Float, Float, Float)
  let number: Int  // from 1
}

extension MomentOptimizer {
  /// The steps made.
  public var steps: Int {
    get { moments.steps }
    set { moments.steps = newValue }
  }

  /// The moments.
  ///
  /// - Precondition: what is set has the names, the order and the shapes of what was there.
  public var state: [(name: String, store: ParameterStore)] {
    get { zip(moments.names, moments.stores).map { ($0, $1) } }
    set {
      let (names, found) = (moments.names, newValue.map(\.name))
      checkPrecondition(
        names == found, "\(Self.self).state: it is \(names), and not \(found)")
      for new in newValue {
        checkPrecondition(
          new.store.tree.hasShapes(of: groups.tree),
          "\(Self.self).state: \(new.name) is of the \(new.store.tree.count) parameters of "
            + "another model, not of its \(groups.tree.count)")
      }
      moments.stores = newValue.map(\.store)
    }
  }

  /// One step of the parameters that have gradients.
  public mutating func step(
    _ weights: inout ParameterStore, by gradients: Gradients, rate: Double, scale: Float,
    on pool: WorkerPool
  ) {
    checkPrecondition(
      rate >= 0 && rate.isFinite,
      "\(Self.self).step: the learning rate is \(rate), expected a finite number, 0 or above")
    checkPrecondition(
      weights.tree.hasShapes(of: groups.tree) && gradients.tree.hasShapes(of: groups.tree),
      "\(Self.self).step: weights and gradients are not of the \(groups.tree.count) parameters of "
        + "the optimiser")
    var moments = Moments.none  // the optimiser must not hold them, to be written in place
    swap(&moments, &self.moments)
    moments.steps += 1
    moments.forEachTrained(
      &weights, gradients, groups, rate: rate, scale: scale, on: pool
    ) { update($0) }
    self.moments = moments
  }
}
