/// How long a server may take, and how often it is asked.
package struct FetchLimits: Sendable {
  /// Seconds until a connection must be there.
  package var connectSeconds = 20
  /// Seconds without a byte after which a connection is given up.
  package var stallSeconds = 30
  /// Attempts in a row that may bring less than a megabyte.
  package var attempts = 5
  /// What the pause after the first attempt takes; each further one takes twice as long.
  package var pause = Duration.seconds(1)
  /// Redirects on the way to a file.
  package var redirects = 5

  package init() {}
}
