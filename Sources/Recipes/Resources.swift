import Foundation

struct Resources {
  /// Seconds that processors worked for it, of all threads together.
  let processorSeconds: Double
  /// The most memory that it had, in units of 2²⁰ bytes.
  let peakMegabytes: Double

  static var current: Resources {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return Resources(
      processorSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
      peakMegabytes: Double(usage.ru_maxrss) / 1024)
  }
}
