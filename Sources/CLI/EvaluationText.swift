import Files
import Images
import Recipes
import Training

/// An evaluation class by class: all of it, or the worst and the most frequent of many classes.
struct EvaluationText {
  let report: ClassificationReport

  /// Classes that are shown one by one, and confusions.
  private static let (most, some) = (20, 10)
  /// Classes of a matrix, which has to fit a terminal.
  private static let mostOfMatrix = 10

  var lines: [String] {
    let isShort = report.classes.count <= Self.most
    let tested = report.classes.filter { $0.images > 0 }
    let worst = tested.enumerated()
      .sorted { ($0.element.acc1 ?? 0, $0.offset) < ($1.element.acc1 ?? 0, $1.offset) }
      .map(\.element)
    let shown = isShort ? report.classes : Array(worst.prefix(Self.some))
    let heading = isShort ? [] : ["the worst \(shown.count) of \(tested.count) classes:"]
    return heading + table(shown) + [""]
      + (report.classes.count <= Self.mostOfMatrix ? matrix : frequent)
  }

  private func table(_ classes: [ClassificationReport.Class]) -> [String] {
    let most = Dictionary(
      report.confusions.map { ($0.class, $0) }, uniquingKeysWith: { first, _ in first })
    let rows = classes.map { item in
      let other = most[item.class].map { "\(Self.name($0.predicted)) (\($0.images))" } ?? ""
      return [
        Self.name(item.class), "\(item.images)", Self.percent(item.acc1),
        Self.percent(item.precision), other,
      ]
    }
    return aligned(
      [["class", "images", "acc@1", "precision", "taken for"]] + rows, texts: [0, 4])
  }

  private var matrix: [String] {
    let classes = report.classes
    let places = Dictionary(
      classes.enumerated().map { ($0.element.class, $0.offset) },
      uniquingKeysWith: { first, _ in first })
    var counts = classes.indices.map { row in
      classes.indices.map { $0 == row ? classes[row].correct : 0 }
    }
    for confusion in report.confusions {
      guard let row = places[confusion.class], let column = places[confusion.predicted] else {
        continue
      }
      counts[row][column] = confusion.images
    }
    let head = ["class \\ answer"] + classes.map { Self.name($0.class, 6) }
    let rows = zip(classes, counts).map { item, counts in
      [Self.name(item.class, 20)] + counts.map(String.init)
    }
    return aligned([head] + rows, texts: [0])
  }

  private var frequent: [String] {
    guard !report.confusions.isEmpty else { return [] }
    let rows = report.confusions.prefix(Self.some).map {
      ["\($0.images)", Self.name($0.class), "→ " + Self.name($0.predicted)]
    }
    let all = counted(report.confusions.count, "pair", "pairs")
    return ["the most frequent confusions, of \(all) of class and answer:"]
      + aligned(rows, texts: [1, 2])
  }

  private static func percent(_ value: Double?) -> String {
    value.map { String(format: "%.2f", $0) } ?? "–"
  }

  private static func name(_ name: String, _ columns: Int = 24) -> String {
    Terminal.fitted(ClassNames.shown(name), columns + 1)
  }
}
