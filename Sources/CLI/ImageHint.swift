import Images

/// What a user can do about an image that cannot be read: the flags of `command` that read it all
/// the same or leave it out; nil if there are none.
func hint(for error: any Error, command: String) -> String? {
  let image = (error as? SampleError)?.underlying as? ImageError ?? error as? ImageError
  guard let image else { return nil }
  var ways: [String] = []
  let readers = ["train", "evaluate", "locality", "predict", "attention", "symmetry"]
  if image.isOfDamagedJPEG, readers.contains(command) {
    ways.append("--lenient-jpeg makes up the missing pixels")
  }
  if error is SampleError { ways.append("--on-bad-image skip leaves it out") }
  return ways.isEmpty ? nil : ways.joined(separator: ", ")
}
