import Foundation
import Testing

@testable import Recipes

@Suite struct CostTests {
  /// Two packages, one of whose counters begins again; a part of a package is not counted twice.
  @Test func energyOfCountersThatWrap() throws {
    let folder = NSTemporaryDirectory() + "powercap-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func set(_ zone: String, _ energy: Int) throws {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(zone)", withIntermediateDirectories: true)
      for (file, value) in [("energy_uj", energy), ("max_energy_range_uj", 10_000_000)] {
        try "\(value)\n".write(
          toFile: "\(folder)/\(zone)/\(file)", atomically: true, encoding: .utf8)
      }
    }
    #expect(EnergyCounters(folder).joules(since: EnergyCounters(folder)) == nil)
    try set("intel-rapl:0", 1_000_000)
    try set("intel-rapl:0:1", 500_000)
    try set("intel-rapl:1", 9_000_000)
    try set("intel-rapl-mmio:0", 1_000_000)
    try set("intel-rapl:2", 1_000_000)
    try "psys\n".write(toFile: "\(folder)/intel-rapl:2/name", atomically: true, encoding: .utf8)
    let before = EnergyCounters(folder)
    try set("intel-rapl:0", 4_000_000)
    try set("intel-rapl:0:1", 900_000)
    try set("intel-rapl-mmio:0", 4_000_000)
    try set("intel-rapl:2", 9_000_000)
    try set("intel-rapl:1", 1_000_000)
    #expect(EnergyCounters(folder).joules(since: before) == 5.0)
  }

  @Test func costsAddUp() {
    var cost = Cost()
    for _ in 0..<2 { cost.measure { usleep(10_000) } }
    #expect(cost.seconds >= 0.02 && cost.processorSeconds > 0)
  }
}
