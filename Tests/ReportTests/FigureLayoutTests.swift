import Foundation
import Testing

@testable import Report

/// Figures for a page of some width.
@Suite struct FigureLayoutTests {
  private let folder = NSTemporaryDirectory() + "layouts-" + UUID().uuidString

  private func figures(_ layout: FigureLayout) throws -> [SVGReader] {
    let runs = ["first", "second"].map { "\(folder)/\($0)" }
    for run in runs {
      try HandWrittenRun(folder: run, kinds: ["gpsa", "gpsa", "gpsa", "mhsa"]).write()
    }
    return try RunFigures(runs, layout: layout).figures.map { try SVGReader($0.svg) }
  }

  /// Whether text is within the picture, in the lengths that it is drawn in.
  private func isWithin(_ svg: SVGReader) throws -> Bool {
    let box = try #require(svg.elements[0].attributes["viewBox"]).split(separator: " ")
    let (width, height) = (Double(box[2])!, Double(box[3])!)
    return svg.elements.filter { $0.name == "text" }.allSatisfy { text in
      let long = TextWidth.of(text.text, size: text.number("font-size"))
      let anchor = text.attributes["text-anchor"]
      let share = anchor == "end" ? 1 : anchor == "middle" ? 0.5 : 0
      let isUpright = text.attributes["transform"] != nil
      let start = (isUpright ? text.number("y") : text.number("x")) - share * long
      return start >= 0 && start + long <= (isUpright ? height : width)
    }
  }

  @Test(arguments: [(240.0, nil as Double?), (321.26, 7), (642.5, 8.25), (1200, 12)])
  func figuresAreAsWideAsAsked(width: Double, fontSize: Double?) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for svg in try figures(FigureLayout(width: width, fontSize: fontSize)) {
      #expect(abs(svg.elements[0].number("width") - width) < 0.01)
      let box = try #require(svg.elements[0].attributes["viewBox"]).split(separator: " ")
      let scale = width / Double(box[2])!
      #expect(abs(svg.elements[0].number("height") / Double(box[3])! - scale) < 1e-4)
      // Names are 11 pixels of those that are drawn, and a point has 4/3 of a pixel.
      #expect(abs(scale * 11 - (fontSize ?? 8.25) * 96 / 72) < 1e-3)
      #expect(try isWithin(svg))
    }
  }

  @Test func chartsBesideEachOther() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func beside(_ layout: FigureLayout) throws -> Int {
      let gates = try figures(layout).last!
      let titles = gates.elements.filter { $0.text.contains("first, layer") }
      return titles.count { $0.number("y") == titles[0].number("y") }
    }
    #expect(try beside(FigureLayout()) == 3)
    #expect(try beside(FigureLayout(columns: 2)) == 2)
    #expect(try beside(FigureLayout(width: 1000)) == 3)
    #expect(try beside(FigureLayout(width: 400)) == 2)
    #expect(try beside(FigureLayout(width: 400, columns: 1)) == 1)
  }

  @Test func whatHasNoRoomIsRefused() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect {
      try figures(FigureLayout(width: 400, columns: 3))
    } throws: { error in
      "\(error)".hasPrefix("a figure 400 pixels wide has no room for the text of 3 charts beside")
    }
    #expect(throws: FigureError.self) { try figures(FigureLayout(width: 90)) }
  }
}
