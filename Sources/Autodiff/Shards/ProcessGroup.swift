/// Processes that train one model together, each on its part of a batch: what PyTorch calls a
/// process group, and MPI a communicator.
///
/// All of them call the methods in the same order, or they would wait for each other forever.
public protocol ProcessGroup: Sendable {
  /// The number of this process among them, from 0.
  var rank: Int { get }
  /// How many they are.
  var count: Int { get }
  /// What each of them gives, in the order of their ranks; the same for all.
  func gather(_ bytes: [UInt8]) throws -> [[UInt8]]
  /// Adds up numbers over all of them, element by element, in place: each gives buffers of the same
  /// lengths, and all are left with the same bits.
  func sum(_ buffers: [UnsafeMutableBufferPointer<Float>]) throws
}

/// A process by itself: the group of all that is not told otherwise.
public struct SingleProcess: ProcessGroup {
  /// The group of this process alone.
  public init() {}
  /// 0.
  public var rank: Int { 0 }
  /// 1.
  public var count: Int { 1 }
  /// What this process gives.
  public func gather(_ bytes: [UInt8]) -> [[UInt8]] { [bytes] }
  /// Leaves the numbers as they are.
  public func sum(_ buffers: [UnsafeMutableBufferPointer<Float>]) {}
}

/// That one process of a group has failed, as all others know by now.
package struct ProcessFailure: Error, CustomStringConvertible {
  /// Which, and why it says that it has.
  package let rank: Int, message: String
  /// The error itself, in the process that has failed.
  package let own: (any Error)?

  package var description: String { own.map { "\($0)" } ?? "rank \(rank): \(message)" }
}

extension ProcessGroup {
  /// What each process has made, in the order of their ranks.
  ///
  /// - Throws: `ProcessFailure`, in all of them, if one has failed: here, or since the last time
  ///   that they all were here (`agreeing`).
  package func exchange(_ result: Result<[UInt8], any Error>) throws -> [[UInt8]] {
    let own: (bytes: [UInt8], error: (any Error)?)
    switch result {
    case .success(let bytes): own = ([0] + bytes, nil)
    case .failure(let error): own = ([1] + Array("\(error)".utf8), error)
    }
    let all = try gather(own.bytes)
    if let error = own.error { throw ProcessFailure(rank: rank, message: "\(error)", own: error) }
    if let (rank, bytes) = all.enumerated().first(where: { $0.element.first != 0 }) {
      let message = String(decoding: bytes.dropFirst(), as: UTF8.self)
      throw ProcessFailure(rank: rank, message: message, own: nil)
    }
    return all.map { Array($0.dropFirst()) }
  }

  /// Runs what all processes do together, to its end in all of them: an error of one is thrown in
  /// the others as well, at their next `exchange`.
  package func agreeing<Value>(_ body: () throws -> Value) throws -> Value {
    guard count > 1 else { return try body() }
    do {
      let value = try body()
      _ = try exchange(.success([]))
      return value
    } catch let failure as ProcessFailure {
      throw failure.own ?? failure
    } catch {
      _ = try? exchange(.failure(error))
      throw error
    }
  }
}

extension Gradients {
  /// The slots that have a derivative, a bit each.
  package var presence: [UInt8] {
    var bits = [UInt8](repeating: 0, count: (values.count + 7) / 8)
    for slot in values.indices where values[slot] != nil { bits[slot / 8] |= 1 << UInt8(slot % 8) }
    return bits
  }

  /// Adds up the derivatives over all processes, of which `presence` says what each has: one that
  /// only some have counts as 0 in the others.
  package mutating func sum(over group: any ProcessGroup, _ presence: [[UInt8]]) throws {
    let slots = values.indices.filter { slot in
      presence.contains { $0[slot / 8] & 1 << UInt8(slot % 8) != 0 }
    }
    try group.sum(
      slots.map { slot in
        var value = self[slot: slot]
        values[slot] = nil  // so that what is summed is not copied
        let pointer = value.mutablePointer()
        values[slot] = value
        return UnsafeMutableBufferPointer(start: pointer, count: value.count)
      })
  }
}
