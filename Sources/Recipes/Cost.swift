import Foundation

/// What a part of a program's work has cost.
package struct Cost: Codable, Sendable {
  package private(set) var seconds = 0.0
  /// Of all threads together.
  package private(set) var processorSeconds = 0.0
  /// Of all processors of the machine, where it counts them (`/sys/class/powercap`).
  package private(set) var joules: Double?

  package init() {}

  /// Adds what some work costs.
  package mutating func measure<Result>(_ work: () throws -> Result) rethrows -> Result {
    let (clock, processor) = (ContinuousClock.now, Resources.current.processorSeconds)
    let energy = EnergyCounters()
    defer {
      seconds += (ContinuousClock.now - clock) / .seconds(1)
      processorSeconds += Resources.current.processorSeconds - processor
      if let used = EnergyCounters().joules(since: energy) { joules = (joules ?? 0) + used }
    }
    return try work()
  }
}

/// The energy that each package of processors says it has used, by RAPL's counters in
/// `/sys/class/powercap`, which only root may read on most systems.
struct EnergyCounters {
  /// By the zone's name: µJ since some moment, and where the counter begins again.
  private var zones: [String: (microjoules: Double, range: Double)] = [:]

  init(_ folder: String = "/sys/class/powercap") {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    // "intel-rapl:0" is a package; "intel-rapl:0:1" is a part of it, "intel-rapl-mmio:0" the same
    // once more, and where the name is "psys" it is all of the machine.
    for name in names where name.wholeMatch(of: /intel-rapl:\d+/) != nil {
      let label = try? String(contentsOfFile: "\(folder)/\(name)/name", encoding: .utf8)
      guard label.map({ $0.hasPrefix("package") }) ?? true else { continue }
      func number(_ file: String) -> Double? {
        let text = try? String(contentsOfFile: "\(folder)/\(name)/\(file)", encoding: .utf8)
        return text.flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
      }
      guard let energy = number("energy_uj") else { continue }
      zones[name] = (energy, number("max_energy_range_uj") ?? 0)
    }
  }

  /// What has been used since; nil where there is nothing to read.
  func joules(since earlier: EnergyCounters) -> Double? {
    guard !zones.isEmpty, zones.keys == earlier.zones.keys else { return nil }
    return zones.reduce(0) { sum, zone in
      let used = zone.value.microjoules - (earlier.zones[zone.key]?.microjoules ?? 0)
      return sum + (used < 0 ? used + zone.value.range : used) / 1e6
    }
  }
}
