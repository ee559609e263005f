import CKernels
import Foundation

/// The matrices among weights that will not change, as products with them read these: each is laid
/// out once, when it is first asked for.
///
/// `@unchecked Sendable`: what changes is behind the lock.
final class PackedWeights: @unchecked Sendable {
  private let kernels: ProductKernels?
  private let lock = NSLock()
  /// The weights by where they lie, which is theirs alone as long as their owner holds them.
  private var packed: [UnsafePointer<Float>: Layout?] = [:]
  private struct Layout {
    let (n, k): (Int, Int)
    let elements: Tensor
  }

  /// Nothing yet of `weights`, whose owner must hold them as long as this.
  init(_ weights: ParameterStore, _ precision: Precision) {
    kernels = ProductKernels.serving(precision)
    guard kernels != nil else { return }
    for value in weights.values where value.shape.rank >= 2 {
      packed.updateValue(nil, forKey: value.pointer)
    }
  }

  /// The transpose of `weight` [n, k], laid out, if it is one of the weights, and was not asked for
  /// in another shape before.
  func transposed(_ weight: Tensor, _ n: Int, _ k: Int) -> Tensor? {
    lock.withLock {
      guard let kernels = kernels?.pointer, let known = packed[weight.pointer] else { return nil }
      if let known { return (known.n, known.k) == (n, k) ? known.elements : nil }
      let count = ck_product_packed_count(kernels, n, k)
      let made = Tensor(unsafeUninitialized: [count]) { out in
        ck_product_pack(kernels, out, Matrix(weight.pointer, k).transposed, n, k)
      }
      packed.updateValue(Layout(n: n, k: k, elements: made), forKey: weight.pointer)
      return made
    }
  }
}
