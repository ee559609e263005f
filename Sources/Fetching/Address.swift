import Foundation

/// An address that may be asked for a file: https, or http on this machine itself.
struct Address: Hashable, Sendable {
  let text: String
  let host: String
  /// Whether it is http.
  let isPlain: Bool

  init(_ text: String) throws(FetchError) {
    guard let url = URL(string: text) else {
      throw FetchError(path: text, reason: "is not an address")
    }
    try self.init(url)
  }

  private init(_ url: URL) throws(FetchError) {
    let text = url.absoluteString
    func refuse(_ reason: String) -> FetchError { FetchError(path: text, reason: reason) }
    guard let scheme = url.scheme?.lowercased(), let host = url.host, !host.isEmpty else {
      throw refuse("expected an address that begins with https://")
    }
    guard url.user == nil, url.password == nil else { throw refuse("has a user name in it") }
    let isHere = ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host.lowercased())
    guard scheme == "https" || (scheme == "http" && isHere) else {
      throw refuse("expected https, found \(scheme)")
    }
    (self.text, self.host, isPlain) = (text, host, scheme == "http")
  }

  /// Where an answer says that the file is. What was asked by https is not asked by http.
  func redirected(to location: String) throws(FetchError) -> Address {
    guard let url = URL(string: location, relativeTo: URL(string: text))?.absoluteURL else {
      throw FetchError(path: text, reason: "is redirected to '\(location)', which is no address")
    }
    let target: Address
    do throws(FetchError) {
      target = try Address(url)
    } catch {
      throw FetchError(path: text, reason: "is redirected to \(error)")
    }
    guard isPlain || !target.isPlain else {
      throw FetchError(path: text, reason: "is redirected from https to \(target.text)")
    }
    return target
  }
}
