import Files

/// A source of random numbers that is a pure function of the names it was derived from.
///
/// Nothing random in this package is ambient: a number is drawn from a seed, a purpose, and the
/// epoch and sample it is for, so that threads, workers and resuming cannot change it.
///
/// ```swift
/// var crop = Random(seed: 0).split("crop").split(epoch).split(sample)
/// let x = crop.uniform()
/// ```
///
/// `split` hashes with SplitMix64's finaliser (Steele et al. 2014); the stream of a source is
/// xoshiro256++ (Blackman and Vigna 2019) seeded from its key. Two sources are equal when they were
/// derived alike and have drawn equally often.
public struct Random: RandomNumberGenerator, Hashable, Sendable {
  private let key: UInt64
  private var (a, b, c, d): (UInt64, UInt64, UInt64, UInt64)

  /// The root of every source that belongs to `seed`.
  public init(seed: UInt64) {
    self.init(key: Self.mix(seed ^ 0x6a09_e667_f3bc_c908))
  }

  private init(key: UInt64) {
    self.key = key
    func word(_ i: UInt64) -> UInt64 { Self.mix(key &+ i &* 0x9e37_79b9_7f4a_7c15) }
    (a, b, c, d) = (word(1), word(2), word(3), word(4))
  }

  /// An independent source for the `index`-th thing (an epoch, a sample, a layer).
  public func split(_ index: Int) -> Random {
    Random(
      key: Self.mix(Self.mix(key) &+ UInt64(bitPattern: Int64(index)) &* 0xd134_2543_de82_ef95))
  }

  /// An independent source for a purpose.
  public func split(_ purpose: String) -> Random {
    let hash = FNV1a(purpose.utf8).value
    return Random(key: Self.mix(Self.mix(key ^ 0x3c6e_f372_fe94_f82b) &+ hash))
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let sum = a &+ d
    let result = (sum << 23 | sum >> 41) &+ a
    let t = b << 17
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = d << 45 | d >> 19
    return result
  }

  /// A number in [0, 1) with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A number in [`low`, `high`).
  public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * uniform()
  }

  /// A whole number in 0 ..< `bound`.
  public mutating func below(_ bound: Int) -> Int {
    checkPrecondition(bound > 0, "Random.below: the bound must be positive, found \(bound)")
    return Int(next(upperBound: UInt64(bound)))
  }

  package mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, below(i + 1)) }
    return order
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
