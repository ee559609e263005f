/// A part of a model: structure without numbers.
///
/// The parameters of a module are those among its stored properties, and of the modules among
/// them, in the order of declaration. A property's name, in snake case, is its part of the key:
/// `blocks[0].attn.posProj.weight` is published as `blocks.0.attn.pos_proj.weight`.
public protocol Module: Sendable {}

/// The parameters of a module in order, each under its published name.
func namedParameters(of node: Any, at path: [String] = []) -> [(String, Parameter)] {
  if let parameter = node as? Parameter { return [(path.joined(separator: "."), parameter)] }
  let mirror = Mirror(reflecting: node)
  if mirror.displayStyle == .optional {
    return mirror.children.flatMap { namedParameters(of: $0.value, at: path) }
  }
  guard node is any Module || mirror.displayStyle == .collection else { return [] }
  if mirror.displayStyle == .collection { checkElementsDiffer(mirror.children.map(\.value), path) }
  return mirror.children.enumerated().flatMap { index, child in
    namedParameters(of: child.value, at: path + [child.label.map(snakeCased) ?? "\(index)"])
  }
}

/// Stops the program if elements of an array have a parameter in common, as those of
/// `Array(repeating: Linear(4, 4), count: 3)` have: all would be one layer.
private func checkElementsDiffer(_ elements: [Any], _ path: [String]) {
  var owners: [ObjectIdentifier: Int] = [:]
  for (index, element) in elements.enumerated() {
    for (name, parameter) in namedParameters(of: element) {
      let owner = owners.updateValue(index, forKey: ObjectIdentifier(parameter)) ?? index
      let array = path.joined(separator: ".")
      checkPrecondition(
        owner == index,
        "Module: \(array).\(owner).\(name) and \(array).\(index).\(name) are one parameter; make "
          + "each element by itself, as in (0..<3).map { _ in Linear(4, 4) }")
    }
  }
}

/// `gatingParam` → `gating_param`.
func snakeCased(_ name: String) -> String {
  name.reduce(into: "") { out, letter in
    out += letter.isUppercase ? "_" + letter.lowercased() : String(letter)
  }
}
