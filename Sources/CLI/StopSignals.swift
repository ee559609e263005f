import Foundation
import Synchronization

/// The signals that ask a run to stop: SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGUSR2.
///
/// Their handler notes the signal, which the run asks for between two steps. A second SIGINT ends
/// the process at once.
enum StopSignals {
  /// The exit code of a run that was stopped and can be resumed: EX_TEMPFAIL of sysexits.h.
  static let exitCode: Int32 = 75

  private static let interrupts = Atomic<Int>(0)
  private static let hasCome = Atomic<Bool>(false)

  static var haveCome: Bool { hasCome.load(ordering: .relaxed) }

  /// Handles them from here on, but for those that whoever started the process ignores (`nohup`).
  static func watch() {
    _ = haveCome  // the handler finds both numbers made
    _ = interrupts.load(ordering: .relaxed)
    for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2] {
      let old = signal(number) { StopSignals.note($0) }
      if unsafeBitCast(old, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(number, SIG_IGN)
      }
    }
  }

  /// What the handler does: nothing that a signal could break into.
  private static func note(_ number: Int32) {
    if number == SIGINT, interrupts.add(1, ordering: .relaxed).newValue > 1 { _exit(128 + number) }
    hasCome.store(true, ordering: .relaxed)
  }
}
