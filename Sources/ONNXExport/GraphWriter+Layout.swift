import Autodiff

extension GraphWriter {
  /// The node of an operator that moves elements and computes nothing.
  mutating func writeLayout(_ step: TracedStep, _ names: [String]) throws(ExportError) {
    let x = names[0]
    switch step.operation {
    case .reshape: finish(step, "Reshape", [x, try shape(try step.sizes(of: step.output))])
    case .broadcast:
      finish(step, "Expand", [x, computedShape(try step.sizes(of: step.output))])
    case .permute(let order): finish(step, "Transpose", [x], .integers("perm", order))
    case .slice(let axis, let range):
      finish(
        step, "Slice",
        [x, integers([range.lowerBound]), integers([range.upperBound]), integers([axis])])
    case .concatenate(let axis): finish(step, "Concat", names, .integer("axis", axis))
    case .gather(let axis, let places):
      finish(step, "Gather", [x, integers(places)], .integer("axis", axis))
    case .patches(let window):
      notePatches(step, of: x, window)
      let images = try step.sizes(of: step.inputs[0])
      let (shape, size) = (step.inputs[0].first.shape, window.size)
      // Patches that overlap are a convolution's alone, which reads the images in their place.
      guard window.tiles(shape) else { return finish(step, "Identity", [x]) }
      let (channels, rows, columns) = (shape[1], shape[2] / size, shape[3] / size)
      let cut = [images[0]] + [channels, rows, size, columns, size].map { AxisSize.fixed($0) }
      let apart = add("Reshape", [x, try self.shape(cut)])
      let sorted = add("Transpose", [apart], .integers("perm", [0, 2, 4, 1, 3, 5]))
      finish(step, "Reshape", [sorted, try self.shape(try step.sizes(of: step.output))])
    default: throw ExportError("the operator '\(step.name)' has no counterpart in ONNX")
    }
  }

  /// A shape for `Reshape`, which finds the size of one axis itself.
  mutating func shape(_ sizes: [AxisSize]) throws(ExportError) -> String {
    let dynamic = sizes.filter { fixed($0) == nil }
    guard dynamic.count == 1 else { return computedShape(sizes) }
    return integers(sizes.map { fixed($0) ?? -1 })
  }

  /// A shape of which the graph computes what depends on the number of images.
  private mutating func computedShape(_ sizes: [AxisSize]) -> String {
    let known = sizes.compactMap(fixed)
    if known.count == sizes.count { return integers(known) }
    let images = add("Shape", [Self.input], .integer("start", 0), .integer("end", 1))
    let parts = sizes.map { size in
      if let size = fixed(size) { return integers([size]) }
      guard case .examples(let factor) = size, factor != 1 else { return images }
      return add("Mul", [images, integers([factor])])
    }
    return add("Concat", parts, .integer("axis", 0))
  }

  private func fixed(_ size: AxisSize) -> Int? {
    switch size {
    case .fixed(let count): count
    case .examples(let factor): batch.map { factor * $0 }
    }
  }
}
