/// Files that are mistaken for safetensors, by their first bytes.
///
/// Asked only after the bytes have failed as safetensors: a header of 640 bytes begins with
/// `80 02`, as a pickle does.
enum ForeignFormat {
  /// What the file is and what to do about it, or nil.
  static func advice(firstBytes: [UInt8]) -> String? {
    let converter = "convert it with Scripts/convert_pth.py"
    if firstBytes.starts(with: "PK\u{3}\u{4}".utf8) {
      return "expected safetensors, found a zip archive (a PyTorch checkpoint?); \(converter)"
    }
    if firstBytes.count > 1, firstBytes[0] == 0x80, (2...5).contains(firstBytes[1]) {
      return "expected safetensors, found a Python pickle (a PyTorch checkpoint?); \(converter)"
    }
    if firstBytes.starts(with: "version https://git-lfs.github.com/".utf8) {
      return "expected safetensors, found a Git LFS pointer; fetch the file with git lfs pull"
    }
    if firstBytes.starts(with: "<!".utf8) || firstBytes.starts(with: "<html".utf8) {
      return "expected safetensors, found a web page; download the file again"
    }
    return nil
  }
}
