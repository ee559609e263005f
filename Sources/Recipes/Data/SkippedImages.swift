import Images
import Training

/// The images of a split that could not be read and were left out: each is named once, and there
/// is a limit to them. So are the first of those that are read although something is wrong with
/// their files. A run that resumes from a checkpoint names them again.
package struct SkippedImages: Sendable {
  private let split: ImageFolder
  private let limit: Int
  private var bad: Set<Int> = []
  private var untold = Finding()  // which `shareUntold` has not counted yet
  private var badOfClass: [Int: Int] = [:]
  private var hasWarned = false
  private var noted: Set<Int> = []
  private var read: Set<Int> = []  // clips
  private var (short, animated): (Set<Int>, Set<Int>) = ([], [])  // clips, images

  /// No images of `split` yet. `maxBad` is a share of its images if below 1, else a number of them.
  package init(_ split: ImageFolder, maxBad: Double = DataSettings.defaultMaxBad) {
    self.split = split
    limit = Int(maxBad < 1 ? maxBad * Double(split.samples.count) : maxBad)
  }

  package var count: Int { bad.count }

  private static let mostNoted = 10

  /// Notes what was wrong with images of a batch, which are left out of it or not.
  package mutating func note(_ batch: Batch, report: (String) throws -> Void) throws {
    try note(finding(in: batch), report: report)
  }

  /// The same, where the other processes of a run are told as well: at once by a process alone,
  /// else with `shareUntold`.
  mutating func note(_ batch: Batch, in ranks: Ranks, report: (String) throws -> Void) throws {
    let new = finding(in: batch)
    untold.failures += new.failures
    guard ranks.count > 1 else { return try note(new, report: report) }
    untold.damaged += new.damaged
    untold.read += new.read
    untold.short += new.short
    untold.animated += new.animated
  }

  /// How many images all processes have left out since the last time; all of them ask.
  mutating func shareUntold(_ ranks: Ranks, report: (String) throws -> Void) throws -> Int {
    let all = try ranks.all([untold])
    untold = Finding()
    if ranks.count > 1 { for finding in all { try note(finding, report: report) } }
    return all.reduce(0) { $0 + $1.failures.count }
  }

  /// What is not known yet of the images of a batch.
  private func finding(in batch: Batch) -> Finding {
    var finding = Finding(failures: batch.failures.map(Failure.init))
    if split.kind == .clips { finding.read = batch.indices.filter { !read.contains($0) } }
    for note in batch.notes {
      switch note.underlying {
      case is ShortClip: finding.short.append(note.index)
      case is AnimatedImage: finding.animated.append(note.index)
      case is ImageError
      where noted.count + untold.damaged.count <= Self.mostNoted && !noted.contains(note.index):
        finding.damaged.append(Failure(note))
      default: break
      }
    }
    return finding
  }

  private mutating func note(_ finding: Finding, report: (String) throws -> Void) throws {
    try note(finding.failures, report: report)
    read.formUnion(finding.read)
    short.formUnion(finding.short)
    animated.formUnion(finding.animated)
    for image in finding.damaged where noted.count <= Self.mostNoted {
      guard noted.insert(image.index).inserted else { continue }
      try report(
        noted.count <= Self.mostNoted
          ? image.text + ImageError.readAllTheSame
          : "more images are like that; `convit verify` lists all of them")
    }
  }

  /// How many of the clips that were read are shorter than the span of frames that a model sees, or
  /// how many of the images are animated, as a note; nil if none is.
  package var remark: String? {
    if !animated.isEmpty {
      return "\(split.folder): \(split.kind.counted(animated.count)) of those read "
        + "\(animated.count == 1 ? "is" : "are") animated: a model of images sees the first frame; "
        + "train with --frames makes a model of clips"
    }
    guard !short.isEmpty else { return nil }
    return "\(split.folder): \(short.count) of the \(split.kind.counted(read.count)) that "
      + "\(read.count == 1 ? "was" : "were") read \(short.count == 1 ? "has" : "have") fewer "
      + "frames than a span (--frames × --frame-stride): the last one is repeated"
  }

  /// What was found out about the images of a batch, as one process tells others of it.
  private struct Finding: Codable, Sendable {
    var failures: [Failure] = []
    var damaged: [Failure] = []  // of which all numbers are known all the same
    var read: [Int] = []
    var short: [Int] = []
    var animated: [Int] = []
  }

  /// An image, and what is wrong with it.
  struct Failure: Codable, Sendable {
    let index: Int, text: String

    init(_ error: SampleError) { (index, text) = (error.index, "\(error)") }
  }

  mutating func note(_ failures: [Failure], report: (String) throws -> Void) throws {
    for failure in failures {
      guard bad.insert(failure.index).inserted else { continue }
      try report("skipped: \(failure.text)")
      try checkClass(of: failure)
      let all = split.samples.count
      guard bad.count <= limit else {
        throw TrainingError(
          "\(split.folder): \(bad.count) of \(all) \(split.kind.plural) cannot be read, "
            + "max-bad allows \(limit)")
      }
      if 100 * bad.count > all, !hasWarned {
        hasWarned = true
        try report(
          "\(split.folder): more than 1 % of its \(all) \(split.kind.plural) cannot be read")
      }
    }
  }

  private mutating func checkClass(of failure: Failure) throws {
    guard let label = split.sample(index: failure.index)?.label else { return }
    badOfClass[label, default: 0] += 1
    guard badOfClass[label] == split.samples.count(where: { $0.label == label }) else { return }
    let name = label < split.classes.count ? " of class \(split.classes[label])" : ""
    throw TrainingError(
      "\(split.folder): no \(split.kind.singular)\(name) can be read; "
        + "the last one tried: \(failure.text)")
  }
}
