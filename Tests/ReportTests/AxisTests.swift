import Foundation
import Testing

@testable import Report

@Suite struct AxisTests {
  @Test func axesHaveRoundNumbers() {
    #expect(Axis([0.13, 0.87]).labels == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(Axis([-3, 12]).labels == ["−5", "0", "5", "10", "15"])
    #expect(Axis([0.1, 0.1]).labels == ["0.090", "0.095", "0.100", "0.105", "0.110"])
    #expect(Axis([1, 300], isWhole: true).labels == ["100", "200", "300"])
    #expect(Axis([0, 2], isWhole: true).labels == ["0", "1", "2"])
    #expect(Axis([3], isWhole: true).labels == ["2", "3", "4"])
    let odd: [[Double]] = [[], [0, 1e-310], [-1e29, 1e29], [7, 7 + 1e-15], [1e-29, 2e-29]]
    for values in odd {
      let axis = Axis(values)
      #expect(axis.low < axis.high && axis.ticks.count < 20)
      for value in values { #expect((-1e-9...1 + 1e-9).contains(axis.place(value))) }
    }
  }

  @Test func ticksAreWithinWhatValuesCanBe() {
    let (positive, share) = (0...Double.infinity, 0...100.0)
    #expect(Axis([0], isWhole: true, within: positive).labels == ["0", "1"])
    #expect(Axis([1], isWhole: true, within: positive).labels == ["0", "1", "2"])
    #expect(Axis([0, 0], within: positive).labels == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(Axis([100], within: share).labels == ["90", "92", "94", "96", "98", "100"])
    #expect(Axis([0.05, 0.4], within: positive).ticks.first == 0)
    // Values that cannot be are shown all the same.
    #expect(Axis([-5, 5], isWhole: true, within: positive).low == -5)
    #expect(Axis([-0.3, 0.4], within: positive).labels.first == "−0.4")
    #expect(Axis([40, 120], within: share).high == 120)
    let largest = Double(Int.max)
    let axis = Axis([largest], isWhole: true, within: positive)
    #expect(axis.low < largest && largest < axis.high)
  }

  @Test func numbersAreShortAndDiffer() {
    #expect(Axis([0, 9e20]).labels == ["0", "2e20", "4e20", "6e20", "8e20", "1.0e21"])
    #expect(Axis([0, 8e-9]).labels == ["0", "2e−9", "4e−9", "6e−9", "8e−9"])
    #expect(Axis([99.991, 99.999]).labels.first == "99.990")
    #expect(Axis([1e6, 1e6 + 0.1]).labels.dropFirst().first == "1000000.02")
    for (low, high) in [(0, 1e-300), (1e6, 1e6 + 1e-5), (-1e-7, 1e-7), (1e29, 1.1e29)] {
      let labels = Axis([low, high]).labels
      #expect(Set(labels).count == labels.count, "\(labels)")
    }
  }

  @Test func labelsDoNotMeet() {
    for length in [40.0, 150, 300] {
      for last in [1.0, 7, 300, 12345, 1e7, 1e12] {
        let axis = Axis([0, last], length: length, isWhole: true, within: 0...Double.infinity)
        #expect(axis.ticks.count >= 2 && axis.ticks.allSatisfy { $0.rounded() == $0 })
        guard last < 1e6 else { continue }
        for (a, b) in zip(axis.ticks.indices, axis.ticks.indices.dropFirst()) {
          let room = (axis.place(axis.ticks[b]) - axis.place(axis.ticks[a])) * length
          let width = (TextWidth.of(axis.labels[a]) + TextWidth.of(axis.labels[b])) / 2
          #expect(room > width, "\(axis.labels) on \(length)")
        }
      }
    }
  }
}

/// The widths of text of 10 pixels in DejaVu Sans, one of the wider fonts.
enum TextWidth {
  static func of(_ text: String, size: Double = 10) -> Double {
    text.reduce(0) { sum, character in
      switch character {
      case ".", ",", " ": sum + 0.318 * size
      case "−": sum + 0.838 * size
      case "m": sum + 0.974 * size
      case "w", "σ": sum + 0.818 * size
      case "M": sum + 0.863 * size
      case "i", "l", "j": sum + 0.278 * size
      default: sum + 0.636 * size
      }
    }
  }
}
