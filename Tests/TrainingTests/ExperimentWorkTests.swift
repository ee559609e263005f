import Files
import Foundation
import Testing

@testable import Recipes
@testable import Training

@Suite struct ExperimentWorkTests {
  private let folder = NSTemporaryDirectory() + "work-\(UUID().uuidString)"
  private let plan: ExperimentPlan

  init() throws {
    let output = try OutputFolder(folder)
    try output.write("rows: {a: {}, b: {}}\ncolumns: {A: {}}\n", to: "grid.yaml")
    plan = try ExperimentPlan(contentsOf: "\(folder)/grid.yaml")
  }

  private func cleaned(_ body: () throws -> Void) rethrows {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body()
  }

  @Test func aRunThatAnotherHasIsPassedOver() throws {
    try cleaned {
      let work = ExperimentWork(plan, in: folder)
      var trained = 0
      let path = "\(folder)/\(plan.runs[0].folder)"
      do {
        let other = try FolderLock(sharing: path)
        #expect(other != nil && FolderLock.isHeld(sharing: path))
        #expect(try !work.attempt(plan.runs[0]) { trained += 1 })
        guard case .running(0) = try plan.runs[0].state(in: folder) else {
          Issue.record("not running")
          return
        }
        withExtendedLifetime(other) {}
      }
      #expect(trained == 0 && !FolderLock.isHeld(sharing: path))
      let isTaken = try work.attempt(plan.runs[0]) {
        trained += 1
        #expect(FolderLock.isHeld(sharing: path))
      }
      #expect(isTaken && trained == 1)
      // It has left no result, and is not trained again and again.
      #expect(try work.isSettled(plan.runs[0]) && work.attempt(plan.runs[0]) { trained += 1 })
      #expect(trained == 1)
      #expect(plan.runs[0].failure(in: folder)?.message.contains("has no result") == true)
    }
  }

  /// By the process itself, and by one that began before it failed.
  @Test func aFailureIsTriedAgainByLaterProcessesOnly() throws {
    try cleaned {
      let (first, second) = (ExperimentWork(plan, in: folder), ExperimentWork(plan, in: folder))
      let run = plan.runs[1]
      var failures = 0
      func fail() throws {
        failures += 1
        throw TrainingError("bad\nluck \(failures)")
      }
      var told: String?
      #expect(try first.attempt(run, train: fail) { told = $0.map { "\($0)" } })
      #expect(try first.attempt(run, train: fail) && second.attempt(run, train: fail))
      #expect(try failures == 1 && first.isSettled(run) && second.isSettled(run))
      #expect(told == "bad\\nluck 1" && run.failure(in: folder)?.message == told)
      let table = try first.writeTable { _ in }
      #expect(table.markdown.hasSuffix("|\n\nFailed:\n\n- `b/A/seed-0`: bad\\nluck 1\n"))
      #expect(table.runs.hasSuffix("test_acc1,error\n\"b\",\"A\",0,,\"bad\\nluck 1\"\n"))
      let third = ExperimentWork(plan, in: folder)
      #expect(try !third.isSettled(run))
      do {  // another that tries it again is waited for
        let other = try FolderLock(sharing: "\(folder)/\(run.folder)")
        #expect(try !second.isSettled(run))
        withExtendedLifetime(other) {}
      }
      #expect(try third.attempt(run, train: fail) && failures == 2 && third.isSettled(run))
      // Another that begins it forgets the failure, and what is no error of the run is thrown.
      #expect(throws: CancellationError.self) {
        try ExperimentWork(plan, in: folder).attempt(run) { throw CancellationError() }
      }
      #expect(run.failure(in: folder) == nil)
    }
  }

  @Test func allIsDoneInTheEnd() throws {
    var (others, order, waits) = (["b": 2, "c": 1], "", [Int]())
    SharedWork.each(of: ["a", "b", "c"], wait: { waits.append($0) }) { item in
      order += item
      others[item, default: 0] -= 1
      return others[item] ?? 0 < 0
    }
    #expect(order == "abcbcb" && waits.isEmpty)
    var left = 3
    SharedWork.each(of: [1], wait: { waits.append($0) }) { _ in
      left -= 1
      return left == 0
    }
    #expect(waits == [1, 1])
  }
}
