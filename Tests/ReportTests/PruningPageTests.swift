import Foundation
import Pruning
import Testing

@testable import Report

@Suite struct PruningPageTests {
  /// Two methods, each of every layer and of all together, at two sparsities.
  private static func sweep() throws -> PruningSweep {
    let trials = ["magnitude", "random"].flatMap { method in
      ["layer", "global"].flatMap { scope in
        [0.2, 0.8].map { sparsity in
          """
          {"choice":{"method":"\(method)","scope":"\(scope)","sparsity":\(sparsity)},
           "removed":\(sparsity / 4),"predicted":\(sparsity),"measured":\(sparsity / 2),"acc1":50}
          """
        }
      }
    }
    let text = """
      {"origin":{"weights":"a/</script>","images":9,"dataPath":"d","split":"val","seed":0,
       "acc1":90,"fingerprint":"f"},"trials":[\(trials.joined(separator: ","))]}
      """
    return try JSONDecoder().decode(PruningSweep.self, from: Data(text.utf8))
  }

  @Test func aPageHoldsAllItNeeds() throws {
    let html = try PruningPage(Self.sweep()).html
    let start = try #require(html.range(of: #"<script type="application/json" id="data">"#))
    let end = try #require(html[start.upperBound...].range(of: "</script>"))
    let text = String(html[start.upperBound..<end.lowerBound])
    let content = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let origin = try #require(content["origin"] as? [String: Any])
    #expect(origin["weights"] as? String == "a/</script>" && origin["data_path"] as? String == "d")
    let curves = try #require(content["curves"] as? [[String: Any]])
    #expect(curves.count == 4)
    let points = try #require(curves[0]["points"] as? [[String: Any]])
    #expect(points.map { $0["measured"] as? Double } == [0.1, 0.4])
    for part in ["style", "script", "data"] { #expect(!html.contains("/*\(part)*/")) }
    #expect(!html.contains("src=\"") && !html.contains("@import") && !html.contains("<link"))
  }

  /// Of each scope a chart: a line for what was measured and one for what was predicted, in the
  /// method's colour, and the accuracy of the whole model across.
  @Test func figures() throws {
    let figure = PruningFigure(try Self.sweep())
    func lines(_ svg: String, _ color: String) -> [Substring] {
      svg.split(separator: "\n").filter { $0.contains("<path") && $0.contains(color) }
    }
    for place in 0..<2 {
      let color = LineColors.light.distinct[place]
      let own = lines(figure.gaps, color)
      // Two charts and the legend.
      #expect(own.count == 6 && own.count { $0.contains("stroke-dasharray") } == 3)
      #expect(lines(figure.accuracies, color).count == 3)
    }
    // Where the last path of the first chart ends.
    func end(_ svg: String, _ isDashed: Bool) throws -> [Double] {
      let line = try #require(
        lines(svg, LineColors.light.distinct[0]).first {
          $0.contains("data-series") && $0.contains("stroke-dasharray") == isDashed
        })
      let path = try #require(line.firstMatch(of: #/ d="M[^"]*L([^"]*)"/#)).1
      return path.split(separator: " ").compactMap { Double($0) }
    }
    let (measured, predicted) = (try end(figure.gaps, false), try end(figure.gaps, true))
    #expect(measured.count == 2 && measured[0] == predicted[0])
    #expect(measured[1] > predicted[1] + 10)  // 0.4 is drawn below 0.8
    let titles = figure.gaps.ranges(of: #/of each layer|of all layers together/#)
    #expect(titles.map { figure.gaps[$0] } == ["of each layer", "of all layers together"])
    for part in ["of each layer", "of all layers together"] {
      #expect(figure.gaps.contains(part) && figure.accuracies.contains(part))
    }
    let dots = figure.accuracies.split(separator: "\n").filter {
      $0.contains(LineChart.yardstickStyle.color) && $0.contains("2 3")
    }
    #expect(dots.count == 3)  // two charts and the legend
  }
}
