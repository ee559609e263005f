import Foundation
import Images
import Testing

/// The layout of iNaturalist by category, as `INatDataset` of DeiT's datasets.py reads it.
@Suite struct INaturalistTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try write(
      "categories.json",
      """
      [{"id": 0, "name": "Apis mellifera", "genus": "Apis", "kingdom": "Animalia", "x": null},
       {"id": 1, "name": "Bellis perennis", "genus": "Bellis", "kingdom": "Plantae"},
       {"id": 2, "name": "Apis cerana", "genus": "Apis", "kingdom": "Animalia"}]
      """)
    try write("train2018.json", images([1, 0, 2, 1], annotated: [1, 2, 0, 1]))
    try write("val2018.json", images([2, 1], annotated: [2, 1]))
  }

  private func write(_ name: String, _ text: String) throws {
    try folder.write(name, Array(text.utf8))
  }

  private func images(_ categories: [Int], annotated: [Int]) -> String {
    let files = categories.enumerated().map { index, category in
      #"{"id": \#(index), "file_name": "train_val2018/Group/\#(category)/\#(index).jpg"}"#
    }
    let annotations = annotated.enumerated().map { index, category in
      #"{"image_id": \#(index), "category_id": \#(category)}"#
    }
    return #"{"images": [\#(files.joined(separator: ", "))], "#
      + #""annotations": [\#(annotations.joined(separator: ", "))]}"#
  }

  private func read(_ split: String, by category: INaturalist.Category) throws -> ImageFolder {
    try INaturalist(root: folder.path, year: 2018, category: category).images(of: split)
  }

  private func reason(_ split: String = "train", by category: INaturalist.Category = .name)
    -> String
  {
    do { _ = try read(split, by: category) } catch {
      #expect(error is DatasetError)
      return "\(error)".replacingOccurrences(of: folder.path + "/", with: "")
    }
    return "no error"
  }

  @Test func classesComeInTheOrderOfTheAnnotations() throws {
    let train = try read("train", by: .name)
    #expect(train.classes == ["Bellis perennis", "Apis cerana", "Apis mellifera"])
    #expect(train.samples.map(\.label) == [0, 2, 1, 0])
    #expect(train.samples.map(\.index) == [0, 1, 2, 3])
    let val = try read("val", by: .kingdom)
    #expect(val.classes == ["Plantae", "Animalia"] && val.samples.map(\.label) == [1, 0])
    #expect(try read("val", by: .genus).classes == ["Bellis", "Apis"])
  }

  @Test func imagesLieWithOrWithoutTheirGroup() throws {
    #expect(try read("train", by: .name).samples[0].path == folder.path + "/train_val2018/1/0.jpg")
    try folder.write("train_val2018/Group/1/0.jpg")
    let path = folder.path + "/train_val2018/Group/1/0.jpg"
    #expect(try read("train", by: .name).samples[0].path == path)
  }

  @Test func whatIsWrongIsNamed() throws {
    #expect(reason(by: .order) == "categories.json: category 0 has no order")
    try write("val2018.json", images([2], annotated: [9]))
    #expect(reason("val") == "no error")  // the annotations of val are not looked at
    try write("val2018.json", images([9], annotated: []))
    #expect(reason("val").hasPrefix("val2018.json: category 9 is not among the 3 of "))
    try write("val2018.json", #"{"images": [{"file_name": "../../0/x.jpg"}]}"#)
    #expect(reason("val").contains("'../../0/x.jpg' is not folder/group/category number/image"))
    try write("train2018.json", images([1, 0], annotated: [1]))
    try write("val2018.json", images([0], annotated: []))
    #expect(reason("val").contains("the class Apis mellifera has no image in train2018.json"))
    try write("train2018.json", images([], annotated: []))
    #expect(reason().hasPrefix("train2018.json: no images in it"))
    try write("train2018.json", "{\"images\": 3")
    #expect(reason().hasPrefix("train2018.json: not the JSON of iNaturalist 2018: "))
    try write("categories.json", #"[{"id": 1, "name": "a"}]"#)
    #expect(reason() == "categories.json: category 1 is at place 0")
    #expect(reason("test").hasPrefix("categories.json: "))
  }
}
