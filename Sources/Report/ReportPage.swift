import Files
import Foundation

/// A page about one run or several: one HTML file that needs no other.
///
/// ```swift
/// let page = try ReportPage(runs: ["runs/first", "runs/second"])
/// try page.html.write(toFile: "report.html", atomically: true, encoding: .utf8)
/// ```
package struct ReportPage: Sendable {
  /// The page.
  package let html: String

  /// The page of the runs in some folders.
  ///
  /// - Throws: `ReportError` for a folder without a run, or with a broken file.
  package init(runs folders: [String]) throws {
    let names = RunRecord.names(folders)
    let records = try zip(folders, names).map { try RunRecord($0, name: $1).json }
    let made = "Made by convit report."
    let colors = try JSON.text(["light": LineColors.light, "dark": LineColors.dark])
    let data =
      "{\"made\":\(quoted(made)),\"colors\":\(colors),"
      + "\"runs\":[\(records.joined(separator: ","))]}"
    let script = [
      PackageResources.axis_js, PackageResources.chart_js, PackageResources.training_js,
      PackageResources.locality_js, PackageResources.scale_js, PackageResources.maps_js,
    ].map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    html = String(decoding: PackageResources.page_html, as: UTF8.self)
      .replacing("/*style*/", with: String(decoding: PackageResources.style_css, as: UTF8.self))
      .replacing("/*script*/", with: script)
      // "</script" in a text would end the element.
      .replacing("/*data*/", with: data.replacing("</", with: "<\\/"))
  }
}
