import Fetching
import Foundation

/// What `convit fetch --list` prints.
enum FetchTable {
  static func write() throws {
    try Terminal.result(row("name", "parameters", "top-1", "licence"))
    var server = ""
    for weights in PublishedWeights.all {
      if weights.server != server {
        server = weights.server
        try Terminal.result("\nfrom \(server)")
      }
      try Terminal.result(
        row(
          weights.name, String(format: "%.2f M", weights.millions), weights.accuracy ?? "–",
          weights.licence))
    }
    try Terminal.result(
      "\nA file has 4 bytes a parameter. Accuracies on ImageNet in percent, as published.")
  }

  /// A row of less than 100 columns.
  private static func row(
    _ name: String, _ parameters: String, _ accuracy: String, _ licence: String
  ) -> String {
    name.padded(to: 58) + parameters.aligned(to: 11) + accuracy.aligned(to: 8) + "  " + licence
  }
}
