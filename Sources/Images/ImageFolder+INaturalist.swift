import Files
import Foundation

/// The iNaturalist competitions (Van Horn et al. 2018) as DeiT reads them: `train2018.json`,
/// `val2018.json` and `categories.json` beside the folder of images.
package struct INaturalist {
  /// The level of the taxonomy that classes are taken from.
  package enum Category: String, Hashable, Sendable, Codable, CaseIterable {
    case kingdom, phylum, `class`, order, supercategory, family, genus, name
  }

  private let root: String
  private let year: Int
  private let category: Category

  /// The data set in the folder `root` that has the JSON files, of the year in their names (2018,
  /// 2019): images of one class have the same `category`. Nothing is read yet.
  package init(root: String, year: Int, category: Category) {
    (self.root, self.year, self.category) = (root, year, category)
  }

  /// The images of a split, `train` or `val`, in the order of its file.
  ///
  /// Classes are in the order in which the training annotations first name them, as in the
  /// reference. An image is of the category whose number is the third part of its `file_name`. It
  /// lies where that says or, as the reference has it, in a folder without the second part.
  package func images(of split: String) throws -> ImageFolder {
    let names = try names()
    let training: Training = try read(path("train"))
    var labels: [[UInt8]: Int] = [:]
    var classes: [String] = []
    for annotation in training.annotations {
      let name = try name(annotation.category_id, of: names, in: path("train"))
      guard labels[Array(name.utf8)] == nil else { continue }
      labels[Array(name.utf8)] = classes.count
      classes.append(name)
    }
    let file = path(split)
    let images = split == "train" ? training.images : (try read(file) as Images).images
    guard !classes.isEmpty, !images.isEmpty else {
      throw DatasetError(path: file, reason: "no images in it, or no annotations for training")
    }
    let isWhole = FileManager.default.fileExists(atPath: "\(root)/\(images[0].file_name)")
    let samples = try images.enumerated().map { index, image in
      let parts = image.file_name.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 4, let number = Int(parts[2]), !parts.contains(".."), parts[0] != ""
      else {
        throw DatasetError(
          path: file,
          reason: "the file_name '\(image.file_name)' is not folder/group/category number/image")
      }
      let name = try name(number, of: names, in: file)
      guard let label = labels[Array(name.utf8)] else {
        throw DatasetError(path: file, reason: "the class \(name) has no image in \(path("train"))")
      }
      let place = isWhole ? image.file_name : "\(parts[0])/\(parts[2])/\(parts[3])"
      return Example(path: "\(root)/\(place)", label: label, index: index)
    }
    return ImageFolder(root: root, split: split, classes: classes, samples: samples, warnings: [])
  }

  private func path(_ split: String) -> String { "\(root)/\(split)\(year).json" }

  /// The names of all categories at the level that is asked for, by number.
  private func names() throws -> [String] {
    let path = "\(root)/categories.json"
    let entries: [[String: Value]] = try read(path)
    return try entries.enumerated().map { number, entry in
      if let id = entry["id"]?.number, id != number {
        throw DatasetError(path: path, reason: "category \(id) is at place \(number)")
      }
      guard let name = entry[category.rawValue]?.text else {
        throw DatasetError(path: path, reason: "category \(number) has no \(category.rawValue)")
      }
      return name
    }
  }

  private func name(_ number: Int, of names: [String], in file: String) throws -> String {
    guard names.indices.contains(number) else {
      throw DatasetError(
        path: file,
        reason: "category \(number) is not among the \(names.count) of \(root)/categories.json")
    }
    return names[number]
  }

  private func read<T: Decodable>(_ path: String) throws -> T {
    do {
      let bytes = try RegularFile.contents(of: path, maxBytes: 1 << 30)
      return try JSONDecoder().decode(T.self, from: Data(bytes))
    } catch let error as FileError {
      throw DatasetError(error)
    } catch {
      throw DatasetError(path: path, reason: "not the JSON of iNaturalist \(year): \(place(error))")
    }
  }

  private struct Training: Decodable {
    struct Annotation: Decodable { let category_id: Int }
    let annotations: [Annotation]
    let images: [Image]
  }

  private struct Images: Decodable { let images: [Image] }

  private struct Image: Decodable { let file_name: String }

  /// A value of a category: text or a number; whatever else there may be does not matter.
  private struct Value: Decodable {
    let text: String?
    let number: Int?

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      text = try? container.decode(String.self)
      number = try? container.decode(Int.self)
    }
  }
}

/// Where in a JSON file something is not as expected.
private func place(_ error: any Error) -> String {
  let context: DecodingError.Context
  switch error as? DecodingError {
  case .typeMismatch(_, let c)?, .valueNotFound(_, let c)?, .keyNotFound(_, let c)?,
    .dataCorrupted(let c)?:
    context = c
  default: return "\(error)"
  }
  let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
  return path.isEmpty
    ? context.debugDescription : "\(path.joined(separator: ".")): \(context.debugDescription)"
}
