import Foundation
import Testing

@testable import Images

/// CSV files, against RFC 4180 and Python's `csv` where it reads them so.
@Suite struct CSVRecordTests {
  private func records(_ text: String) throws -> [[String]] {
    try CSVRecords.parse(Array(text.utf8), path: "t.csv").map(\.fields)
  }

  @Test(arguments: [
    ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]), ("a,b\r\n1,2", [["a", "b"], ["1", "2"]]),
    ("a\rb\r", [["a"], ["b"]]), ("\u{FEFF}a,b\n", [["a", "b"]]), ("", []), ("\n\r\n\n", []),
    ("a,,\n,\n", [["a", "", ""], ["", ""]]), ("a\n\nb", [["a"], ["b"]]),
    (#""a,b","c""d""#, [["a,b", #"c"d"#]]), ("\"a\r\nb\",c\n", [["a\r\nb", "c"]]),
    (#"5" pipe,x"#, [[#"5" pipe"#, "x"]]), ("\"\",é\n", [["", "é"]]),
    (" a , b\n", [[" a ", " b"]]),
  ])
  func fields(text: String, expected: [[String]]) throws { #expect(try records(text) == expected) }

  @Test func linesAreCountedInQuotesToo() throws {
    let text = "a\r\n\"b\n\nc\",d\n\ne\n"
    #expect(try CSVRecords.parse(Array(text.utf8), path: "").map(\.line) == [1, 2, 6])
  }

  @Test(arguments: [
    ("a\nb,\"c\nd\n", "line 2: a quote is not closed"),
    ("a\n\"b\"c,d\n", "line 2: field 1 continues after its closing quote"),
    ("a\n\"b\n\" \n", "line 3: field 1 continues after its closing quote"),
  ])
  func mistakesHaveTheirLine(text: String, reason: String) {
    let error = #expect(throws: DatasetError.self) { try records(text) }
    #expect(error?.description == "t.csv: \(reason)")
  }

  @Test func otherEncodingsAreErrors() {
    for bytes in [[0x61, 0x0A, 0xFF], [0x61, 0x0A, 0x22, 0xE9, 0x22]] as [[UInt8]] {
      let error = #expect(throws: DatasetError.self) {
        try CSVRecords.parse(bytes, path: "t.csv")
      }
      #expect(error?.description == "t.csv: line 2: not UTF-8")
    }
  }
}

@Suite struct ImageTableTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for name in ["x/1.png", "x/2, again.png", "3.png"] { try folder.write(name) }
  }

  private func table(_ text: String, _ name: String = "t.csv") throws -> ImageTable {
    try folder.write(name, Array(text.utf8))
    return try ImageTable(contentsOf: "\(folder.path)/\(name)")
  }

  @Test func rowsBecomeImages() throws {
    let text =
      "\u{FEFF}id, Label ,IMAGE\r\n0,dog,x/1.png\r\n1,10,\"x/2, again.png\"\r\n"
      + "2,2,\(folder.path)/3.png\r\n"
    let images = try table(text).images()
    #expect(images.classes == ["10", "2", "dog"])
    #expect(
      images.samples == [
        Example(path: "\(folder.path)/x/1.png", label: 2, index: 0),
        Example(path: "\(folder.path)/x/2, again.png", label: 0, index: 1),
        Example(path: "\(folder.path)/3.png", label: 1, index: 2),
      ])
    #expect(images.root == folder.path && images.folder == "\(folder.path)/t.csv")
    #expect(images.warnings.isEmpty)
  }

  /// A row's place is the image's index, whatever split is asked for; labels are those of training.
  @Test func splitsKeepIndices() throws {
    let table = try table(
      "filename,class,split\n3.png,b,val\nx/1.png,b,train\nx/1.png,a,train\n3.png,B,test\n")
    #expect(table.splits == ["val", "train", "test"])
    let train = try table.images(of: "train")
    #expect(train.classes == ["a", "b"] && train.samples.map(\.index) == [1, 2])
    #expect(train.samples.map(\.label) == [1, 0] && train.folder.hasSuffix("/t.csv, split train"))
    let val = try table.images(of: "val", classes: train.classes)
    #expect(val.samples == [Example(path: "\(folder.path)/3.png", label: 1, index: 0)])
    #expect(val.warnings == ["\(folder.path)/t.csv: no image of 1 class: a"])
    #expect(try table.images().classes == ["B", "a", "b"])
    #expect(try table.images().warnings.count == 1, "B and b look alike")
    func reason(_ split: String) -> String {
      let error = #expect(throws: DatasetError.self) {
        try table.images(of: split, classes: train.classes)
      }
      return error?.reason ?? ""
    }
    #expect(
      reason("test") == "line 5: class B is not in the training classes; did you mean b?")
    #expect(reason("dev") == "no split dev beside val, train, test")
  }

  @Test(arguments: [
    ("", "nothing in it: expected a line of column names"),
    ("path,label\n", "no images in it, only the names of columns"),
    ("a;label\n", "line 1: no column path or image or filename among a;label"),
    ("path,kind\n", "line 1: no column label or class among path, kind"),
    ("path,image,label\n", "line 1: the columns path and image mean the same"),
    ("path,label\n3.png,a\n\n3.png\n", "line 4: 1 field, expected 2"),
    ("path,label\n3.png,a\n,b\n", "line 3, column path: it is empty"),
    ("path,class\n3.png, \n", "line 2, column class: it is empty"),
    ("path,class,split\n3.png,a,\n", "line 2, column split: it is empty"),
  ])
  func mistakesHaveLineAndColumn(text: String, reason: String) {
    let error = #expect(throws: DatasetError.self) { try table(text) }
    #expect(error?.description == "\(folder.path)/t.csv: \(reason)")
  }

  @Test func pathsAreFromTheTableOn() throws {
    let error = #expect(throws: DatasetError.self) {
      try table("path,label\n3.png,a\n", "y/t.csv")
    }
    #expect(
      error?.reason
        == "line 2: no such file: 3.png (paths are from \(folder.path)/y on)")
    #expect(try table("path,label\n../3.png,a\n", "y/t.csv").images().samples.count == 1)
  }
}
