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

  @Test func aPageOfTickets() throws {
    let hard = TicketPage.HardImage(
      path: "a/</script>.png", label: "ant", neverRight: 1, trainings: 1, forgotten: 0, accuracy: 0,
      picture: [1, 2, 3])
    let html = try TicketPage(report: #"{"rows":[],"notes":[],"tickets":[]}"#, hard: [hard]).html
    let start = try #require(html.range(of: #"<script type="application/json" id="data">"#))
    let end = try #require(html[start.upperBound...].range(of: "</script>"))
    let data = Data(html[start.upperBound..<end.lowerBound].utf8)
    let content = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    let images = try #require(content["hard"] as? [[String: Any]])
    #expect(images[0]["path"] as? String == "a/</script>.png")
    #expect(images[0]["picture"] as? String == "data:image/png;base64,AQID")
    #expect(!html.contains("src=\"") && !html.contains("/*data*/"))
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
