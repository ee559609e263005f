import Foundation
import Testing

@testable import Report

@Suite struct SearchPageTests {
  @Test func aPageHoldsAllItNeeds() throws {
    let report = #"{"title":"</script>","candidates":[],"correlations":[],"fronts":[],"scores":[]}"#
    let html = try SearchPage(report: report).html
    let start = try #require(html.range(of: #"<script type="application/json" id="data">"#))
    let end = try #require(html[start.upperBound...].range(of: "</script>"))
    let text = String(html[start.upperBound..<end.lowerBound])
    let content = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [String: Any]])
    #expect(content["report"]?["title"] as? String == "</script>")
    #expect(content["colors"]?.keys.sorted() == ["dark", "light"])
    for part in ["style", "script", "data"] { #expect(!html.contains("/*\(part)*/")) }
    let addresses = html.matches(of: /https?:[^"' )]*/).map { String($0.0) }
    #expect(Set(addresses) == ["http://www.w3.org/2000/svg"])
    #expect(!html.contains("src=\"") && !html.contains("@import") && !html.contains("<link"))
  }

  /// A circle for each trained model, a line for the front, under the name of the cost.
  @Test func aFrontIsDrawn() {
    let points = [(100.0, 50.0), (200.0, 40.0), (300.0, 70.0)]
    let svg = FrontFigure(cost: "params", points: points, front: [points[0], points[2]]).svg
    let lines = svg.split(separator: "\n")
    #expect(lines.count { $0.contains("<circle") } == 3)
    #expect(svg.contains(">params<") && svg.contains(">Pareto front<"))
    let colors = svg.matches(of: /<path[^>]*stroke="(#[0-9a-f]+)"/).map { String($0.1) }
    #expect(colors.contains(LineColors.light.distinct[1]))
  }
}
