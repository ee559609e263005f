import Foundation
import Testing

@testable import Report

/// Figures for a page of some width.
@Suite struct FigureLayoutTests {
  private let scratch = ScratchFolder()
  private var folder: String { scratch.path }

  private func figures(_ layout: FigureLayout) throws -> [SVGReader] {
    let runs = ["first", "second"].map { "\(folder)/\($0)" }
    for run in runs {
      try HandWrittenRun(folder: run, kinds: ["gpsa", "gpsa", "gpsa", "mhsa"]).write()
    }
    return try RunFigures(runs, layout: layout).figures.map { try SVGReader($0.svg) }
  }

  @Test(arguments: [(240.0, nil as Double?), (321.26, 7), (642.5, 8.25), (1200, 12)])
  func figuresAreAsWideAsAsked(width: Double, fontSize: Double?) throws {
    for svg in try figures(FigureLayout(width: width, fontSize: fontSize)) {
      #expect(abs(svg.elements[0].number("width") - width) < 0.01)
      let box = try #require(svg.elements[0].attributes["viewBox"]).split(separator: " ")
      let scale = width / Double(box[2])!
      #expect(abs(svg.elements[0].number("height") / Double(box[3])! - scale) < 1e-4)
      // Names are 11 pixels of those that are drawn, and a point has 4/3 of a pixel.
      #expect(abs(scale * 11 - (fontSize ?? 8.25) * 96 / 72) < 1e-3)
      #expect(svg.textsOutside.isEmpty, "\(svg.textsOutside)")
    }
  }

  @Test func chartsBesideEachOther() throws {
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

  /// Cells of two lengths, whose axis has the longest name; no call draws text beyond the picture.
  @Test func aGridFitsOrIsRefused() throws {
    var table = "row,column,seed\n"
    for (row, epochs) in [("short", 3), ("long", 9)] {
      for seed in 0..<2 {
        let run = "\(folder)/\(row)/ConViT/seed-\(seed)"
        try HandWrittenRun(folder: run, epochs: epochs, kinds: ["gpsa", "gpsa", "mhsa"]).write()
        table += "\(row),ConViT,\(seed)\n"
      }
    }
    try scratch.write("runs.csv", table)
    var drawn = 0
    for width in stride(from: 100.0, through: 700, by: 25) {
      for columns in [nil, 1, 2, 3] {
        let layout = FigureLayout(width: width, fontSize: 7, columns: columns)
        guard let figures = try? RunFigures([folder], layout: layout).figures else { continue }
        for figure in figures {
          let svg = try SVGReader(figure.svg)
          #expect(svg.textsOutside.isEmpty, "\(width), \(figure.name): \(svg.textsOutside)")
        }
        drawn += 1
      }
    }
    #expect(drawn > 40)
    let wide = try RunFigures([folder], layout: FigureLayout(width: 700, columns: 3)).figures.last!
    let names = try SVGReader(wide.svg).elements.filter { $0.text.hasPrefix("share of") }
    let length = TextWidth.of("share of the training, %", size: 11)
    #expect(names.count > 1 && names[1].number("x") - names[0].number("x") > length)
  }

  @Test func whatHasNoRoomIsRefused() throws {
    for (layout, reason) in [
      (
        FigureLayout(width: 400, columns: 3),
        "gates.svg: the width has no room for the text of 3 charts beside each other"
      ),
      (FigureLayout(width: 80), "loss.svg: the width has no room for the legend"),
    ] {
      let error = #expect(throws: FigureError.self) { try figures(layout) }
      #expect(error?.description.hasPrefix(reason + "; give") == true, "\(error!)")
    }
  }
}
