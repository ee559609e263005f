/// A place in the source, to tell two computations apart.
struct CallSite: Equatable, CustomStringConvertible {
  let file: StaticString
  let line: UInt

  static func == (a: CallSite, b: CallSite) -> Bool {
    a.line == b.line && (a.file.utf8Start == b.file.utf8Start || "\(a.file)" == "\(b.file)")
  }

  var description: String { "\(file):\(line)" }
}
