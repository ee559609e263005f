import Files
import Foundation
import Locality

/// A page about what a model of clips looks at: the order of frames, how far its heads look, and
/// where in a few clips. One HTML file that needs no other.
package struct VideoPage: Sendable {
  /// Where the heads look in a clip.
  package struct Figure: Encodable, Sendable {
    let path, caption, picture: String

    package init(path: String, caption: String, _ figure: AttentionFigure) throws {
      (self.path, self.caption) = (path, caption)
      picture =
        "data:image/svg+xml;base64," + Data(try figure.svg().utf8).base64EncodedString()
    }
  }

  package let html: String

  /// The page of the record of an audit in JSON, of clips that lie at `data`.
  package init(
    record: String, data: String, locality: ClipLocalityReport, figures: [Figure]
  ) throws {
    html = Page.html(
      PackageResources.video_html,
      scripts: [PackageResources.base_js, PackageResources.video_js],
      data: "{\"data\":\(quoted(data)),\"record\":\(record),"
        + "\"locality\":\(try JSON.text(locality)),\"figures\":\(try JSON.text(figures))}")
  }
}
