import Files

extension FileKind {
  /// What a zip archive is, by the names in it.
  init(zip file: RegularFile) {
    if let directory = try? ZipDirectory(of: file) {
      self.init(zip: directory)
    } else {
      self = .cutZip
    }
  }

  /// The same of an archive whose directory was read.
  package init(zip directory: ZipDirectory) {
    let names = directory.entries.map(\.name)
    func has(_ end: String) -> Bool { names.contains { $0.hasSuffix(end) } }
    if has("/data.pkl") || names.contains("data.pkl") {
      let isScript = has("/constants.pkl") || names.contains { $0.contains("/code/") }
      self = isScript ? .torchScript : .torchArchive
    } else if !names.isEmpty, names.allSatisfy({ $0.hasSuffix(".npy") }) {
      self = .numpyArchive
    } else {
      self = has("model.weights.h5") ? .keras : .zip
    }
  }
}
