import Files
import Foundation

/// A page about one run or several: one HTML file that needs no other.
package struct ReportPage: Sendable {
  package let html: String

  /// The page of the runs in some folders, which a browser loads again after `refresh` seconds, of
  /// a run that goes on.
  package init(runs folders: [String], refresh: Int? = nil) throws {
    let names = RunRecord.names(folders)
    let records = try zip(folders, names).map { try RunRecord($0, name: $1).json }
    let made = "Made by convit report."
    let colors = try JSON.text(["light": LineColors.light, "dark": LineColors.dark])
    let data =
      "{\"made\":\(quoted(made)),\"colors\":\(colors),"
      + "\"runs\":[\(records.joined(separator: ","))]}"
    html = Page.html(
      PackageResources.page_html,
      scripts: [
        PackageResources.base_js, PackageResources.axis_js, PackageResources.chart_js,
        PackageResources.training_js, PackageResources.locality_js, PackageResources.scale_js,
        PackageResources.maps_js,
      ], data: data
    ).replacing(
      "<!--refresh-->\n",
      with: refresh.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">\n" } ?? "")
  }
}
