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
    return try exchange(bytes).enumerated().map { other, bytes in
      do {
        return try decoder.decode(Value.self, from: Data(bytes))
      } catch {
        let message = "it sent what rank \(rank) cannot read; is it another build?"
        throw ProcessFailure(rank: other, message: message, own: nil)
      }
    }
  }

  package func exchange<Value: Codable>(_ own: Value) throws -> [Value] {
    try exchange(.success(own))
  }
}
