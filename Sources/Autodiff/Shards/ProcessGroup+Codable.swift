import Files
import Foundation

extension ProcessGroup {
  /// The values of all processes, in the order of ranks.
  package func exchange<Value: Codable>(_ own: Result<Value, any Error>) throws -> [Value] {
    let encoder = JSON.encoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let bytes = own.flatMap { value in Result { Array(try encoder.encode(value)) } }
    return try exchange(bytes).map { try decoder.decode(Value.self, from: Data($0)) }
  }

  package func exchange<Value: Codable>(_ own: Value) throws -> [Value] {
    try exchange(.success(own))
  }
}
