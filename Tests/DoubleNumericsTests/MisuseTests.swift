import DoubleNumerics
import Testing

/// A programmer's mistake ends the process with what was found.
@Suite struct MisuseTests {
  private func message(_ result: ExitTest.Result?) throws -> String {
    String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
  }

  @Test func shapes() async throws {
    let count = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Matrix(2, 2, [1, 2, 3]) }
    #expect(try message(count).contains("Matrix: 3 numbers for 2 × 2"))
    let product = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Matrix(zeros: 2, 3) * Matrix(zeros: 2, 3) }
    #expect(try message(product).contains("Matrix: 2 × 3 times 2 × 3"))
    let element = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Matrix(zeros: 2, 3)[0, 3] }
    #expect(try message(element).contains("number (0, 3) of 2 × 3"))
  }

  @Test func factorizations() async throws {
    let cholesky = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Cholesky(Matrix(zeros: 2, 3)) }
    #expect(try message(cholesky).contains("Cholesky: 2 × 3 is not square"))
    let lu = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = LU(Matrix(identity: 2)).solve([1]) }
    #expect(try message(lu).contains("LU.solve: 1 numbers for 2 × 2"))
    let squares = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = LeastSquares(Matrix(zeros: 3, 2))?.solve([1, 2]) }
    #expect(try message(squares).contains("LeastSquares.solve: 2 numbers for 3 rows"))
  }

  @Test func lists() async throws {
    let kendall = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = RankCorrelation.kendall([1, 2], [1]) }
    #expect(try message(kendall).contains("kendall: 2 numbers and 1"))
    let share = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = Statistics.quantile([1], 1.5) }
    #expect(try message(share).contains("Statistics.quantile: a share of 1.5"))
  }
}
