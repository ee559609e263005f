import Foundation
import Recipes

extension TicketReport {
  /// The table, and what is to be said about it.
  var text: String {
    func number(_ value: Double?, _ format: String) -> String {
      value.map { String(format: format, $0) } ?? "–"
    }
    let head = ["method", "sparsity", "acc@1", "steps", "of imp", "seconds", "images by round"]
    let cells = rows.map { row in
      [
        row.method, number(100 * row.sparsity, "%.2f %%"),
        number(row.accuracy, "%.2f") + (row.deviation.map { String(format: " ± %.2f", $0) } ?? ""),
        number(row.steps, "%.0f"), number(row.shareOfImp.map { 100 * $0 }, "%.0f %%"),
        number(row.seconds, "%.1f"),
        row.shares.map { number(100 * $0, "%.0f") }.joined(separator: " ")
          + (row.shares.isEmpty ? "–" : " %"),
      ]
    }
    return (aligned([head] + cells, texts: [0, 6]) + notes).joined(separator: "\n")
  }
}
