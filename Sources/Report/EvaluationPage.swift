import Files
import Foundation

/// A page about what a model answers for the images of a folder: one HTML file that needs no other.
package struct EvaluationPage: Sendable {
  /// The page.
  package let html: String

  /// The page of a report.
  ///
  /// - Parameters:
  ///   - title: what was evaluated, such as the path of the weights.
  ///   - data: where the images are.
  ///   - report: the JSON of the report: `images`, `acc1`, `acc5`, `loss`, `classes`, `confusions`
  ///     and `mistakes`.
  ///   - pictures: a PNG for each of the mistakes, in their order; nil where there is none.
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
