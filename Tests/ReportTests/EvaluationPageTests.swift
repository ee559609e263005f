import Foundation
import Testing

@testable import Report

@Suite struct EvaluationPageTests {
  private struct Content: Decodable {
    struct Report: Decodable { let acc1: Double }
    let title, data: String
    let report: Report
    let pictures: [String?]
  }

  @Test func aPageHoldsAllItNeeds() throws {
    let report = #"{"acc1":40,"classes":[{"class":"</script><b>"}],"confusions":[],"mistakes":[]}"#
    let html = EvaluationPage(
      title: "a \"b\" </title>", data: "data", report: report, pictures: [[1, 2, 3], nil]
    ).html
    let start = try #require(html.range(of: #"<script type="application/json" id="data">"#))
    let end = try #require(html[start.upperBound...].range(of: "</script>"))
    let text = String(html[start.upperBound..<end.lowerBound])
    let content = try JSONDecoder().decode(Content.self, from: Data(text.utf8))
    #expect(content.title == "a \"b\" </title>" && content.report.acc1 == 40)
    #expect(content.pictures == ["data:image/png;base64,AQID", nil])
    for part in ["style", "script", "data"] { #expect(!html.contains("/*\(part)*/")) }
    let addresses = html.matches(of: /https?:[^"' )]*/).map { String($0.0) }
    #expect(Set(addresses) == ["http://www.w3.org/2000/svg"])
    #expect(!html.contains("src=\"") && !html.contains("@import") && !html.contains("<link"))
  }
}
