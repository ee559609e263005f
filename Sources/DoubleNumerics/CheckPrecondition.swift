/// Stops the program with a message unless a condition holds, in debug and in release builds, as
/// the function of this name in `Autodiff` does, on which this module does not depend.
func checkPrecondition(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String,
  file: StaticString = #fileID, line: UInt = #line
) {
  if !condition() { fatalError(message(), file: file, line: line) }
}
