import Foundation
import Testing

@testable import Recipes
@testable import Training

/// A NaN is written "nan", whatever its sign, which says nothing.
@Suite struct NaNTests {
  @Test func aNaNHasNoSign() {
    var totals = ClassificationTotals()
    totals.add(loss: -Float.nan, rank: 0)
    #expect("\(-Double.nan)" == "-nan")  // what would be written else
    #expect("\(totals.meanLoss)" == "nan")
    #expect(String(format: "%.3f", totals.meanLoss) == "nan")
    #expect((-2.5).withoutSignOfNaN == -2.5 && (-Double.infinity).withoutSignOfNaN == -.infinity)
  }
}
