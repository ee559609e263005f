import Autodiff
import Files
import Foundation
import Training

/// The processes that make a run together, and where this one is among them.
struct Ranks: Sendable {
  let group: any ProcessGroup
  /// Where each process is, in the order of ranks.
  let places: [Place]
  private let clock: WaitingGroup?

  /// A host, and the processors of it that a process may use.
  struct Place: Codable, Hashable, Sendable {
    let host: String
    let processors: [Int]
  }

  /// A process by itself.
  init() { (group, places, clock) = (SingleProcess(), [], nil) }

  /// The processes of a group, which all come here.
  init(_ group: any ProcessGroup) throws {
    guard group.count > 1 else {
      (self.group, places, clock) = (group, [], nil)
      return
    }
    let clock = WaitingGroup(group)
    (self.clock, self.group) = (clock, clock)
    let own = Place(
      host: ProcessInfo.processInfo.hostName, processors: WorkerPool.allowedProcessors)
    places = try clock.exchange(own)
  }

  var rank: Int { group.rank }
  var count: Int { group.count }
  var isFirst: Bool { rank == 0 }

  /// The processes that may use the same processors of the same host, this one among them.
  private var sharing: [Int] { places.indices.filter { places[$0] == places[rank] } }

  /// How many processes are on this host.
  var countOnHost: Int {
    count == 1 ? 1 : places.count { $0.host == places[rank].host }
  }

  /// As many threads as there are processors, each process having its part of those it shares.
  var usualThreads: Int {
    let all = WorkerPool.availableProcessors
    return count == 1 ? all : max(1, all / sharing.count)
  }

  /// The first of the processors that it may use that is its own, if each has so many threads.
  func firstProcessor(threads: Int) -> Int {
    count == 1 ? 0 : (sharing.firstIndex(of: rank) ?? 0) * threads
  }

  /// How long this process has waited for others.
  var waited: Duration { clock?.waited ?? .zero }

  /// "4 ranks × 8 threads on 2 hosts"
  func description(threads: Int) -> String {
    let hosts = Set(places.map(\.host)).count
    return "\(count) ranks × \(counted(threads, "thread", "threads")) on "
      + counted(hosts, "host", "hosts")
  }
}

// What the processes of a run tell each other; one by itself has nobody to tell.
extension Ranks {
  /// The elements of all processes, those of the first one first.
  func all<Element: Codable>(_ own: [Element]) throws -> [Element] {
    count == 1 ? own : try group.exchange(own).flatMap(\.self)
  }

  /// Whether it is so in one of them; `outcome` is what has gone wrong elsewise.
  func any<Value>(_ isSo: Bool, or outcome: Result<Value, any Error> = .success(())) throws -> Bool
  {
    let own = isSo ? .success(true) : outcome.map { _ in false }
    return count == 1 ? try own.get() : try group.exchange(own).contains(true)
  }

  /// Totals over the parts of all.
  func sum(_ own: ClassificationTotals) throws -> ClassificationTotals {
    guard count > 1 else { return own }
    var totals = ClassificationTotals()
    for part in try group.exchange(own) { totals.add(part) }
    return totals
  }

  /// The part of this process of what all divide among them.
  func part<Element>(of elements: [Element]) -> [Element] {
    count == 1
      ? elements : stride(from: rank, to: elements.count, by: count).map { elements[$0] }
  }
}
