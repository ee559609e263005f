package enum PackageVersion {
  /// The version that is running, as in `CHANGELOG.md`.
  package static let current = "0.1.0"
}
