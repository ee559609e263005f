import Foundation

/// A page in one file: its style, scripts and data put into its HTML.
enum Page {
  /// The page of some data, which is JSON.
  static func html(_ page: [UInt8], scripts: [[UInt8]], data: String) -> String {
    let script = scripts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    return String(decoding: page, as: UTF8.self)
      .replacing("/*style*/", with: String(decoding: PackageResources.style_css, as: UTF8.self))
      .replacing("/*script*/", with: script)
      // "</script" in a text would end the element.
      .replacing("/*data*/", with: data.replacing("</", with: "<\\/"))
  }
}
