import Training

/// What can be told of a path before anything is opened.
package enum PathCheck {
  /// Throws if a path is an address, from which nothing is downloaded.
  package static func notAnAddress(_ path: String, of flag: String?) throws(TrainingError) {
    guard let match = path.prefixMatch(of: /([A-Za-z][A-Za-z0-9+.-]*):\/\//) else { return }
    let subject = flag.map { "\($0): " } ?? ""
    try require(
      match.1.lowercased() != "file",
      "\(subject)'\(path)' is an address; give the path alone, which is what follows file://")
    throw TrainingError(
      usage: "\(subject)'\(path)' is an address, and convit downloads nothing: fetch it, and give "
        + "its path")
  }
}
