import Testing

@testable import DoubleNumerics

@Suite struct ProportionTests {
  private func isClose(_ a: ClosedRange<Double>, _ b: ClosedRange<Double>, _ bar: Double) -> Bool {
    abs(a.lowerBound - b.lowerBound) < bar && abs(a.upperBound - b.upperBound) < bar
  }

  /// SciPy 1.x: `binomtest(k, n).proportion_ci(method="wilson")`.
  @Test(arguments: [
    (81, 263, 0.2552885198782742, 0.36620957698280004),
    (15, 148, 0.06238639953073629, 0.16048724172330803),
    (0, 20, 0, 0.16112515805281935), (1, 29, 0.006113214292762667, 0.17175521879320282),
    (29, 29, 0.8830302015002592, 1),
  ])
  func wilson(part: Int, all: Int, low: Double, high: Double) {
    let share = Proportion(part, of: all)
    #expect(share.share == Double(part) / Double(all))
    #expect(isClose(share.interval(), low...high, 1e-12))
  }

  /// Newcombe 1998b, table II, method 10.
  @Test(arguments: [
    (56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090),
    (10, 10, 0, 20, 0.6791, 1.0000), (10, 10, 0, 10, 0.6075, 1.0000),
  ])
  func newcombe(a: Int, m: Int, b: Int, n: Int, low: Double, high: Double) {
    let found = Proportion(a, of: m).difference(to: Proportion(b, of: n))
    #expect(abs(found.difference - (Double(a) / Double(m) - Double(b) / Double(n))) < 1e-15)
    #expect(isClose(found.interval, low...high, 5e-5))
  }

  /// By hand: 1.959964 √((b + c + 1)/(n + 2) − d²) / √(n + 2) around d = (b − c)/(n + 2).
  @Test(arguments: [
    (150, 86, 1600, 0.0212172, 0.0586829), (0, 0, 98, -0.0196, 0.0196),
    (98, 0, 98, 0.9462795, 1), (0, 98, 98, -1, -0.9462795),
  ])
  func agrestiAndMin(b: Int, c: Int, n: Int, low: Double, high: Double) {
    let paired = PairedProportions(onlyFirst: b, onlySecond: c, of: n)
    #expect(paired.difference == Double(b - c) / Double(n))
    #expect(isClose(paired.interval(), low...high, 5e-6))
  }

  @Test func aHigherProbabilityIsAWiderInterval() {
    let share = Proportion(3, of: 10)
    #expect(share.interval(level: 0.5).lowerBound > share.interval(level: 0.99).lowerBound)
    let paired = PairedProportions(onlyFirst: 2, onlySecond: 5, of: 10)
    let first = [true, true] + Array(repeating: false, count: 8)
    let second = [false, false] + Array(repeating: true, count: 5) + [false, false, false]
    #expect(PairedProportions(first, second) == paired)
    #expect(paired.interval(level: 0.5).upperBound < paired.interval(level: 0.99).upperBound)
  }
}
