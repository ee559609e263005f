import Files
import Foundation

/// Gets a published file: one that is there, or one that is downloaded and verified.
package struct Fetch {
  let file: PublishedFile
  let address: Address
  /// The file to write.
  let output: String
  var limits = FetchLimits()

  /// - Parameter server: what the address begins with instead of the publisher's "https://…".
  /// - Throws: `FetchError` for a server that is asked neither by https nor on this machine.
  package init(
    _ file: PublishedFile, from server: String? = nil, to output: String
  ) throws(FetchError) {
    (self.file, self.output) = (file, output)
    address = try Address(withoutEndSlash(server ?? file.server) + file.path)
  }

  /// The host that is asked.
  package var host: String { address.host }

  package struct Outcome: Hashable, Sendable {
    package enum Verification: Hashable, Sendable {
      /// The published address has the first digits of the file's sha256.
      case publishedDigits
      /// The hub said the file's sha256.
      case hub
      /// No sha256 is published, or none that is known without asking the hub.
      case none
    }

    package let bytes: Int
    package let sha256: String
    package let verification: Verification
    /// Whether the file was there and nothing was asked.
    package let wasThere: Bool
  }

  /// - Parameters:
  ///   - force: fetches a file that is there once more.
  ///   - report: called every second and after every piece, with the bytes so far and in all;
  ///     what it throws ends the download, which the next call resumes.
  /// - Throws: `FetchError` about the address, `FileError` about the file.
  package func run(
    force: Bool, report: @escaping (_ bytes: Int, _ total: Int?) throws -> Void
  ) throws -> Outcome {
    if !force, FileManager.default.fileExists(atPath: output) { return try kept() }
    let partial = try PartialFile(output)
    let download = Download(
      address, to: partial, maxBytes: file.maxBytes, limits: limits, report: report)
    do {
      try download.run()
    } catch {
      if !download.canResume { partial.discard() }
      throw error
    }
    do {
      let outcome = try verified(partial, download)
      try partial.takePlace()
      return outcome
    } catch let error as FetchError {
      partial.discard()
      throw error
    }
  }

  /// The file that is there, if it may be what was asked for.
  private func kept() throws -> Outcome {
    let found = try SHA256.digest(ofFile: output)
    guard found.hasPrefix(file.hash ?? "") else {
      throw FileError(
        path: output,
        reason: "is there with another sha256: expected \(file.hash ?? "")…, found \(found); "
          + "--force replaces it")
    }
    let size = try RegularFile(reading: output).size
    guard file.hash != nil || (file.minBytes...file.maxBytes).contains(size) else {
      throw FileError(
        path: output,
        reason: "is there with \(size) bytes, expected \(file.minBytes) to \(file.maxBytes); "
          + "--force replaces it")
    }
    return Outcome(
      bytes: size, sha256: found,
      verification: file.hash == nil ? .none : .publishedDigits, wasThere: true)
  }

  private func verified(_ partial: PartialFile, _ download: Download) throws -> Outcome {
    func refuse(_ reason: String) -> FetchError { FetchError(path: address.text, reason: reason) }
    let expected = [file.hash, download.linkedHash].compactMap(\.self)
    guard download.total != nil || !expected.isEmpty || file.isJSON else {
      throw refuse("the server does not say how long the file is, nor its sha256")
    }
    // Where no sha256 is known, a file must look like what it should be.
    if expected.isEmpty, let fault = try file.fault(of: partial.temporary, size: partial.size) {
      throw refuse(fault)
    }
    let head = RegularFile.head(of: partial.temporary, count: 200) ?? []
    guard !String(decoding: head, as: UTF8.self).lowercased().contains(/^\s*<(!doctype|html)/)
    else { throw refuse("is a web page, expected a file of weights") }
    let found = try SHA256.digest(ofFile: partial.temporary)
    for hash in expected where !found.hasPrefix(hash) {
      throw refuse("expected the sha256 \(hash)\(hash.count < 64 ? "…" : ""), found \(found)")
    }
    return Outcome(
      bytes: partial.size, sha256: found,
      verification: file.hash != nil ? .publishedDigits : expected.isEmpty ? .none : .hub,
      wasThere: false)
  }
}
