/// The version of this package.
public enum PackageVersion {
  /// The version that is running, as in `CHANGELOG.md`.
  public static let current = "0.1.0"
}
