import CKernels

/// What a thread computes is noted meanwhile, and not done: its tensors are address space
/// (`CStorage.h`) that nobody writes to, and operators and products say what they would do.
final class DryRun {
  private(set) var operators: [Costs.Operator] = []
  private(set) var products: [MatrixProduct: Int] = [:]
  private var multiplyAdds = 0  // since the last operator

  static var isOn: Bool { ck_dry_run() != nil }  // whether this thread notes and does not compute

  /// The dry run of this thread, if it makes one.
  static var current: DryRun? {
    ck_dry_run().map { Unmanaged.fromOpaque($0).takeUnretainedValue() }
  }

  /// An operator was called, which made the products since the last one.
  func note(_ name: String, _ inputs: [Int?], _ output: Int?, _ shape: Shape) {
    operators.append(
      Costs.Operator(
        name: String(name.prefix { $0 != "(" }), inputs: inputs, output: output, shape: shape,
        multiplyAdds: multiplyAdds))
    multiplyAdds = 0
  }

  func note(_ product: MatrixProduct) {
    products[product, default: 0] += 1
    multiplyAdds += product.multiplyAdds
  }

  func clear() { (operators, products, multiplyAdds) = ([], [:], 0) }
}
