/// Stops the program with a message unless a condition holds, in debug and in release builds.
///
/// For a programmer's mistake, which a message must explain: `precondition` of the standard library
/// stops optimised code, too, but drops its text there.
@inlinable
package func checkPrecondition(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String,
  file: StaticString = #fileID, line: UInt = #line
) {
  if !condition() { fatalError(message(), file: file, line: line) }
}
