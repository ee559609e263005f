import Files
import Recipes
import Report
import Runs

/// The page of a run in progress (`--report`): it is renewed after every epoch, and a browser
/// that shows it loads it again. When the run ends, the page no longer asks for that.
struct LivePage {
  private let folder: String
  private var isThere = false
  private var hasFailed = false

  /// The page of a run of these settings; nil if they ask for none.
  init?(_ configuration: TrainingConfiguration) {
    guard configuration.report, let folder = configuration.outputDir else { return nil }
    self.folder = folder
  }

  /// Renews the page if the event is the end of an epoch. `note` is told once if it cannot be
  /// written, which is no reason to end the run.
  mutating func renew(after event: Trainer.Event, note: (String) -> Void) {
    guard case .epoch(let record, _) = event else { return }
    // About as often as there is news.
    write(refresh: Int(min(max(record.seconds, 5), 60)), note)
  }

  /// Writes the page for the last time, if it was written at all.
  mutating func end(note: (String) -> Void) {
    if isThere { write(refresh: nil, note) }
  }

  private mutating func write(refresh: Int?, _ note: (String) -> Void) {
    guard !hasFailed else { return }
    do {
      let page = try ReportPage(runs: [folder], refresh: refresh)
      try OutputFolder(folder).write(page.html, to: RunFiles.report)
      isThere = true
    } catch {
      hasFailed = true
      note("\(error): there will be no page; convit report makes one when the run is over")
    }
  }
}
