import Files

/// A clip of fewer frames than a span has, so that its last frame is seen again and again; a note,
/// as it is read all the same.
package struct ShortClip: Error, Hashable, CustomStringConvertible {
  let path: String
  let frames: Int
  let sampling: ClipSampling
  let taken: Int  // different frames

  package var description: String {
    "\(path): \(counted(frames, "frame", "frames")), of which \(taken) make \(sampling.frames) at "
      + "a stride of \(sampling.stride): the last one is repeated"
  }
}
