import Safetensors

/// Numbers of a file that tensors have in common, as a pickle refers to them.
struct StorageReference {
  /// What the file calls it.
  let key: String
  let type: StorageType
  /// Elements in the file.
  let count: Int
  /// Which of them are meant.
  let elements: Range<Int>
}

/// A tensor as a pickle describes it: a view of a storage.
struct StoredTensor {
  let storage: StorageReference
  let type: ElementType
  /// The place of the first element in the storage, in elements.
  let offset: Int
  let shape: [Int]
  /// Elements of the storage between neighbours along each axis.
  let strides: [Int]

  /// What is wrong with the view; nil if all of it is in its storage.
  var fault: String? {
    let size = type.byteCount
    let (bytes, isHuge) = storage.elements.count.multipliedReportingOverflow(
      by: storage.type.byteCount)
    guard !isHuge else { return "a storage of \(storage.elements.count) elements" }
    guard shape.count == strides.count else {
      return "\(shape.count) sizes and \(strides.count) strides"
    }
    guard offset >= 0, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else {
      return "a negative size, stride or offset: \(shape), \(strides), \(offset)"
    }
    if shape.contains(0) { return nil }
    var last = offset
    for (count, stride) in zip(shape, strides) {
      let (step, isFar) = (count - 1).multipliedReportingOverflow(by: stride)
      let (next, isOutside) = last.addingReportingOverflow(step)
      if isFar || isOutside { return "a view beyond what can be counted: \(shape), \(strides)" }
      last = next
    }
    guard last < bytes / size else {
      return "needs element \(last) of its storage, which has \(bytes / size)"
    }
    return nil
  }
}
