/// An animated PNG of which a model of images sees the first image; a note, as it is read all the
/// same.
package struct AnimatedImage: Error, Hashable, CustomStringConvertible {
  let path: String

  package var description: String {
    "\(path): an animation, of which the first image is read"
  }
}
