import Files
import Foundation
import Safetensors

/// How much of a matrix of weights is zero, as after pruning.
struct ZeroCount {
  let name: String
  let zeros, count, rows: Int
  /// Rows of zeros alone: outputs that are always the same.
  let deadRows: Int

  /// The count of a tensor of a file; nil where it is no matrix of weights.
  init?(of tensor: TensorInfo, in file: any TensorFile) throws {
    guard tensor.shape.count > 1, [.f64, .f32, .f16, .bf16].contains(tensor.type),
      tensor.name.hasSuffix("weight"), !tensor.shape.contains(0)
    else { return nil }
    let numbers = try file.floats(tensor.name)
    let rows = tensor.shape[0]
    let columns = numbers.count / rows
    var (zeros, dead) = (0, 0)
    for row in 0..<rows {
      let inRow = numbers[row * columns..<(row + 1) * columns].count { $0 == 0 }
      zeros += inRow
      dead += inRow == columns ? 1 : 0
    }
    (name, count, self.rows) = (tensor.name, numbers.count, rows)
    (self.zeros, deadRows) = (zeros, dead)
  }

  /// "50.0 % zero, 3 of 80 rows dead", "empty"; nil without zeros.
  var text: String? {
    guard zeros > 0 else { return nil }
    guard zeros < count else { return "empty" }
    let dead = deadRows > 0 ? ", \(deadRows) of \(rows) rows dead" : ""
    return String(format: "%.1f %% zero", 100 * Double(zeros) / Double(count)) + dead
  }

  /// The same of all matrices of a file; nil without zeros.
  static func summary(_ all: [ZeroCount]) -> String? {
    let (zeros, count) = (all.reduce(0) { $0 + $1.zeros }, all.reduce(0) { $0 + $1.count })
    guard zeros > 0 else { return nil }
    let empty = all.filter { $0.zeros == $0.count }.map { $0.name.printable() }
    return String(format: "sparsity: %.1f %%, ", 100 * Double(zeros) / Double(count))
      + "\(zeros) of \(count) numbers of matrices are 0; "
      + counted(all.reduce(0) { $0 + $1.deadRows }, "dead row", "dead rows")
      + "; empty: \(empty.isEmpty ? "none" : shortened(empty, to: 8))"
  }
}
