/// An attribute of a node.
enum NodeAttribute {
  case integer(String, Int)
  case integers(String, [Int])
  case number(String, Float)

  var message: Onnx_AttributeProto {
    var message = Onnx_AttributeProto()
    switch self {
    case .integer(let name, let value):
      (message.name, message.type, message.i) = (name, .int, Int64(value))
    case .integers(let name, let values):
      (message.name, message.type, message.ints) = (name, .ints, values.map(Int64.init))
    case .number(let name, let value):
      (message.name, message.type, message.f) = (name, .float, value)
    }
    return message
  }
}
