import Files
import Foundation
import Pruning

/// A page about one run or several: one HTML file that needs no other.
package struct ReportPage: Sendable {
  package let html: String

  /// The page of the runs in some folders; a browser loads that of a run in progress again.
  package init(runs folders: [String], refresh: Int? = nil) throws {
    let names = RunRecord.names(folders)
    let records = try zip(folders, names).map { try RunRecord($0, name: $1).json }
    let made = "Made by convit report."
    let colors = try Page.colors()
    let data =
      "{\"made\":\(quoted(made)),\"colors\":\(colors),"
      + "\"runs\":[\(records.joined(separator: ","))]}"
    html = Page.html(
      PackageResources.page_html,
      scripts: Page.charts + [
        PackageResources.training_js, PackageResources.locality_js, PackageResources.scale_js,
        PackageResources.maps_js, PackageResources.motions_js, PackageResources.symmetry_js,
      ], data: data,
      head: refresh.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">\n" } ?? "")
  }
}

/// A page about what a model answers for the images of a folder: one HTML file that needs no other.
package struct EvaluationPage: Sendable {
  package let html: String

  /// The page of a `report` in JSON, on what was evaluated (`title`) and where the images are
  /// (`data`); `pictures` are PNGs of its mistakes, in their order, nil where there is none.
  package init(title: String, data: String, report: String, pictures: [[UInt8]?]) {
    let pictures = pictures.map { bytes in
      bytes.map { quoted(Page.address(ofPNG: $0)) } ?? "null"
    }
    html = Page.html(
      PackageResources.evaluation_html,
      scripts: [PackageResources.base_js, PackageResources.evaluation_js],
      data: "{\"title\":\(quoted(title)),\"data\":\(quoted(data)),\"report\":\(report),"
        + "\"pictures\":[\(pictures.joined(separator: ","))]}")
  }
}

/// A page about a search: what scores said before training and what came of it, one HTML file that
/// needs no other.
package struct SearchPage: Sendable {
  package let html: String

  /// The page of a report in JSON.
  package init(report: String) throws {
    let colors = try Page.colors()
    html = Page.html(
      PackageResources.search_html,
      scripts: Page.charts + [PackageResources.scatter_js, PackageResources.search_js],
      data: "{\"colors\":\(colors),\"report\":\(report)}")
  }
}

/// A page about how much of a model can be pruned: one HTML file that needs no other.
package struct PruningPage: Sendable {
  package let html: String

  /// The page of a sweep.
  package init(_ sweep: PruningSweep) throws {
    let colors = try Page.colors()
    let (origin, curves) = (try JSON.tableText(sweep.origin), try JSON.tableText(sweep.curves))
    html = Page.html(
      PackageResources.pruning_html,
      scripts: Page.charts + [PackageResources.pruning_js],
      data: "{\"colors\":\(colors),\"origin\":\(origin),\"curves\":\(curves)}")
  }
}

/// A page about a search for lottery tickets: which of them are worth their search, what rounds
/// took, and the hardest images. One HTML file that needs no other.
package struct TicketPage: Sendable {
  package let html: String

  /// An image that is hard to learn, with a PNG of it, if there is one.
  package struct HardImage: Encodable, Sendable {
    let path, label: String
    let neverRight, trainings: Int
    let forgotten, accuracy: Double
    let picture: String?

    package init(
      path: String, label: String, neverRight: Int, trainings: Int, forgotten: Double,
      accuracy: Double, picture: [UInt8]?
    ) {
      (self.path, self.label) = (path, label)
      (self.neverRight, self.trainings) = (neverRight, trainings)
      (self.forgotten, self.accuracy) = (forgotten, accuracy)
      self.picture = picture.map { Page.address(ofPNG: $0) }
    }
  }

  /// The page of a report in JSON, and of the hardest images, the hardest first.
  package init(report: String, hard: [HardImage]) throws {
    let colors = try Page.colors()
    html = Page.html(
      PackageResources.tickets_html,
      scripts: Page.charts + [PackageResources.tickets_js],
      data: "{\"colors\":\(colors),\"report\":\(report),\"hard\":\(try JSON.text(hard))}")
  }
}

/// A page in one file: its body, style, scripts and data put into what all pages have around them.
enum Page {
  /// The scripts of a page that draws charts.
  static let charts = [
    PackageResources.base_js, PackageResources.axis_js, PackageResources.chart_js,
    PackageResources.tools_js,
  ]

  /// The colours of lines, as JSON.
  static func colors() throws -> String {
    try JSON.text(["light": LineColors.light, "dark": LineColors.dark])
  }

  /// A picture as the address of an image element, so that the page needs no file.
  static func address(ofPNG bytes: some DataProtocol) -> String {
    "data:image/png;base64," + Data(bytes).base64EncodedString()
  }

  static func html(
    _ body: [UInt8], scripts: [[UInt8]], data: String, head: String = ""
  ) -> String {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    return text(PackageResources.shell_html)
      .replacing("<!--head-->\n", with: head)
      .replacing("<!--body-->\n", with: text(body))
      .replacing("/*style*/", with: text(PackageResources.style_css))
      .replacing("/*script*/", with: scripts.map(text).joined(separator: "\n"))
      // "</script" in a text would end the element.
      .replacing("/*data*/", with: data.replacing("</", with: "<\\/"))
  }
}
