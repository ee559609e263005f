#if MPI
  import Autodiff
  import CMPI

  /// The processes that `mpirun` or `srun` has started together, by MPI.
  ///
  /// ```swift
  /// let group = try MPIGroup()
  /// var learner = Learner(model, weights, recipe, in: group)
  /// ```
  ///
  /// A program makes one, and uses it on the thread that made it. It needs the package trait `MPI`
  /// and an MPI library: Open MPI or MPICH.
  public final class MPIGroup: ProcessGroup {
    /// The number of this process, from 0.
    public let rank: Int
    /// How many there are.
    public let count: Int
    /// What the MPI library says that it is, as "Open MPI v4.1.4".
    public let library: String

    /// Joins the others.
    ///
    /// MPI does not tell that a process has died where whoever started it does not end the others:
    /// a call that has waited for longer than `patience`, which is asked now and then, throws.
    ///
    /// - Throws: `MPIError`.
    public init(patience: @escaping @Sendable () -> Duration = { .seconds(1800) }) throws {
      var (rank, count, name): (Int32, Int32, UnsafePointer<CChar>?) = (0, 0, nil)
      let context = Unmanaged.passRetained(Patience(patience))  // as long as the process
      let message = cmpi_start(
        &rank, &count, &name,
        { Unmanaged<Patience>.fromOpaque($0!).takeUnretainedValue().duration() / .seconds(1) },
        context.toOpaque())
      (self.rank, self.count) = (Int(rank), Int(count))
      let text = name.map { String(cString: $0) } ?? ""
      library = String(text.prefix { $0 != "," && $0 != "\n" })
      try check(message)
    }

    /// Leaves the others, which all do at their end. One that hangs is waited for as long as for an
    /// answer, and then left: the launcher ends it.
    public func finish() { cmpi_finish() }

    /// What each process gives, in the order of ranks.
    ///
    /// - Throws: `MPIError`.
    public func gather(_ bytes: [UInt8]) throws -> [[UInt8]] {
      // Short ones go along with their length: most are, and need one message.
      let most = 248
      var own = [UInt8](repeating: 0, count: most + 8)
      withUnsafeBytes(of: UInt64(bytes.count)) { own.replaceSubrange(0..<8, with: $0) }
      if bytes.count <= most { own.replaceSubrange(8..<8 + bytes.count, with: bytes) }
      var all = [UInt8](repeating: 0, count: own.count * count)
      try check(cmpi_gather(own, Int32(own.count), &all))
      let parts = stride(from: 0, to: all.count, by: own.count).map { all[$0..<$0 + own.count] }
      let sizes = parts.map { part in
        Int(part.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
      }
      guard sizes.contains(where: { $0 > most }) else {
        return zip(parts, sizes).map { Array($0.dropFirst(8).prefix($1)) }
      }
      let offsets = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
      guard offsets[count] <= Int(Int32.max) else {
        throw MPIError(description: "MPI: \(offsets[count]) bytes are too many to gather")
      }
      var varied = [UInt8](repeating: 0, count: offsets[count])
      try check(
        cmpi_gather_varied(
          bytes, Int32(bytes.count), &varied, sizes.map { Int32($0) }, offsets.map { Int32($0) }))
      return (0..<count).map { Array(varied[offsets[$0]..<offsets[$0 + 1]]) }
    }

    private func check(_ message: UnsafePointer<CChar>?) throws {
      guard let message else { return }
      let text =
        message == cmpi_gave_up
        ? "rank \(rank) gets no answer from the other ranks: one has ended, hangs, or cannot "
          + "be reached"
        : "MPI: \(String(cString: message))"
      throw MPIError(description: text)
    }

    /// Adds up numbers over all processes, in the order of ranks, in place: the bits depend on
    /// their number alone. Takes memory of some 40 MB, which it keeps.
    ///
    /// - Throws: `MPIError`.
    public func sum(_ buffers: [UnsafeMutableBufferPointer<Float>]) throws {
      let pointers: [UnsafeMutablePointer<Float>?] = buffers.map(\.baseAddress)
      try check(cmpi_sum(pointers, buffers.map { Int32($0.count) }, Int32(buffers.count)))
    }
  }

  /// What MPI says has gone wrong, mostly that another process has ended.
  public struct MPIError: Error, CustomStringConvertible {
    /// What MPI says.
    public let description: String
  }

  private final class Patience: Sendable {
    let duration: @Sendable () -> Duration

    init(_ duration: @escaping @Sendable () -> Duration) { self.duration = duration }
  }
#endif
