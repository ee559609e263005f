import CKernels

/// What a pass computes and how much memory it takes, from a dry run: the model's own code is run
/// on tensors of which there are shapes alone, so that it takes milliseconds.
///
/// ```swift
/// let costs = Costs(ParameterTree(model)) { model($0.constant(Tensor(repeating: 0, [1, 784]))) }
/// print(costs.parameters, costs.multiplyAdds)
/// ```
///
/// All numbers are of a pass like others before it: what shards share (`Tape.shared`) is there.
public struct Costs: Sendable {
  /// An operator as it was called, or a value that none computed: a parameter, under its name.
  package struct Operator: Sendable {
    package let name: String  // the function's name, such as `linear`
    /// The values that it was given, and its own, by their numbers; nil for constants. Only what a
    /// pass records has numbers.
    package let inputs: [Int?]
    package let output: Int?
    package let shape: Shape
    package let multiplyAdds: Int
  }

  /// The numbers of all parameters.
  public let parameters: Int
  package let operators: [Operator]
  /// How often each product is made; of a pass that is recorded also those of the derivatives.
  package let products: [MatrixProduct: Int]
  /// The most that a pass takes at a time beside weights, gradients and what is shared.
  public let passBytes: Int
  /// What all passes with the same weights share.
  public let sharedBytes: Int
  /// The sums of derivatives of a lane; 0 of a pass that is not recorded.
  public let gradientBytes: Int

  /// The multiply–adds of all products.
  public var multiplyAdds: Int { products.reduce(0) { $0 + $1.key.multiplyAdds * $1.value } }

  /// Whether this thread counts costs: values are not computed then. A model that keeps values from
  /// pass to pass must not keep these.
  public static var isCounting: Bool { DryRun.isOn }

  /// Computes a value that is kept from pass to pass, and is not counted.
  package static func uncounted<Value>(_ body: () -> Value) -> Value {
    let run = ck_dry_run_end()
    defer { ck_dry_run_resume(run) }
    return body()
  }

  /// The costs of `body`, which computes a value with the parameters of `tree`, and of its
  /// derivatives if the pass is recorded.
  ///
  /// Nothing that `body` reads out of a tensor means anything, nor may it keep what it computes
  /// (``isCounting``).
  ///
  /// - Precondition: no costs are counted on this thread already.
  public init(_ tree: ParameterTree, _ pass: Pass = .inference, _ body: (Tape) -> Variable) {
    checkPrecondition(!DryRun.isOn, "Costs: asked for while costs are counted")
    let run = DryRun()
    ck_dry_run_begin(Unmanaged.passUnretained(run).toOpaque())
    defer { _ = ck_dry_run_end() }
    let weights = ParameterStore(
      tree, tree.parameters.map { Tensor(unsafeUninitialized: $0.shape) })
    let shared = SharedValues(weights, pass)
    var gradients = Gradients(tree)
    func runOnce() {
      let tape = Tape(weights, pass, shared: shared)
      let value = body(tape)
      guard pass.isRecorded else { return }
      tape.differentiate(value, by: Tensor(repeating: 0, value.shape), into: &gradients)
    }
    let start = ck_dry_run_bytes()
    runOnce()  // the first has yet to make what is shared
    run.clear()
    let between = ck_dry_run_bytes()
    runOnce()
    parameters = tree.elementCount
    (operators, products) = (run.operators, run.products)
    passBytes = ck_dry_run_peak() - between
    let end = ck_dry_run_bytes()
    gradients = Gradients(tree)
    gradientBytes = end - ck_dry_run_bytes()
    sharedBytes = between - start - gradientBytes
  }
}
