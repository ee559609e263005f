import Files
import Foundation

/// A page about what a model answers for the images of a folder: one HTML file that needs no other.
package struct EvaluationPage: Sendable {
  package let html: String

  /// The page of a `report` in JSON, on what was evaluated (`title`) and where the images are
  /// (`data`); `pictures` are PNGs of its mistakes, in their order, nil where there is none.
  package init(title: String, data: String, report: String, pictures: [[UInt8]?]) {
    let pictures = pictures.map { bytes in
      bytes.map { quoted("data:image/png;base64," + Data($0).base64EncodedString()) } ?? "null"
    }
    html = Page.html(
      PackageResources.evaluation_html,
      scripts: [PackageResources.base_js, PackageResources.evaluation_js],
      data: "{\"title\":\(quoted(title)),\"data\":\(quoted(data)),\"report\":\(report),"
        + "\"pictures\":[\(pictures.joined(separator: ","))]}")
  }
}
