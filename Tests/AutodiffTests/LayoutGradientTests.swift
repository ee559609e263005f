import Autodiff
import Testing

/// Operators that move elements, by finite differences, and where they move them.
@Suite struct LayoutGradientTests {
  @Test(arguments: moves + cuts) func agreesWithDifferences(_ operation: GradientCase) {
    #expect(operation.largestError < gradientTolerance)
  }

  static let moves = [
    GradientCase("reshaped", [2, 6]) { $0[0].squared().reshaped([3, 4]) },
    GradientCase("permuted, rank 1", [5]) { $0[0].permuted(0) },
    GradientCase("permuted, rank 2", [2, 3]) { $0[0].permuted(1, 0) },
    GradientCase("permuted, last axis stays", [2, 3, 4]) { $0[0].permuted(1, 0, 2) },
    GradientCase("permuted, rank 3", [2, 3, 4]) { $0[0].permuted(2, 0, 1) },
    GradientCase("permuted, rank 4", [2, 3, 2, 2]) { $0[0].permuted(0, 2, 1, 3) },
    GradientCase("permuted, rank 5", [2, 1, 3, 2, 2]) { $0[0].permuted(4, 2, 0, 3, 1) },
    GradientCase("permuted, rank 6", [2, 1, 3, 2, 1, 2]) { $0[0].permuted(5, 3, 1, 0, 2, 4) },
    GradientCase("broadcast", [3, 1, 2]) { $0[0].broadcast(to: [2, 3, 4, 2]) },
    GradientCase("broadcast of a number", []) { $0[0].broadcast(to: [2, 3]) },
    GradientCase("patches", [2, 3, 4, 6]) { $0[0].patches(2) },
    GradientCase("patches of one pixel", [1, 2, 2, 3]) { $0[0].patches(1) },
    GradientCase("conv2d", [2, 3, 5, 4], [2, 3, 3, 3], [2]) { $0[0].conv2d($0[1], bias: $0[2]) },
    GradientCase("conv2d, padded", [1, 2, 3, 5], [3, 2, 3, 3]) {
      $0[0].conv2d($0[1], stride: 2, padding: 1)
    },
    GradientCase("conv2d, more padding than pixels", [1, 1, 2, 1], [2, 1, 5, 5], [2]) {
      $0[0].conv2d($0[1], bias: $0[2], stride: 3, padding: 4)
    },
    GradientCase("conv2d, pixels left out", [2, 2, 6, 7], [1, 2, 2, 2]) {
      $0[0].conv2d($0[1], stride: 3)
    },
  ]

  static let cuts =
    [0, 1, 2, -1].flatMap { axis in
      [
        GradientCase("sliced along \(axis)", [3, 3, 3]) { $0[0].sliced(axis, 1..<3) },
        GradientCase("concatenated along \(axis)", [2, 2, 2], [2, 2, 2]) {
          Variable.concatenated([$0[0], $0[1].squared()], axis)
        },
        GradientCase("gathered along \(axis)", [3, 3, 3]) { $0[0].gathered(axis, [2, 0, 2, 2]) },
      ]
    } + [
      GradientCase("overlapping slices", [4, 2]) {
        $0[0].sliced(0, 0..<3) * $0[0].sliced(0, 1..<4)
      },
      GradientCase("concatenated, sizes 1 and 3", [2, 1, 2], [2, 3, 2]) {
        Variable.concatenated([$0[0], $0[1]], 1)
      },
      GradientCase("concatenated with itself", [2, 3]) {
        Variable.concatenated([$0[0], $0[0], $0[0].squared()], 1)
      },
      GradientCase("concatenated with a constant", [2, 3]) {
        Variable.concatenated([$0[0].tape.constant(Tensor(repeating: 1, [2, 1])), $0[0]], 1)
      },
    ]

  static let counting = Tensor([2, 3, 4], (0..<24).map(Float.init))

  /// Against the definition: axis k of the result is axis `order[k]`.
  @Test func permutedMovesAxes() {
    let x = tensor([2, 3, 1, 4, 2, 3], "permuted")
    let order = [3, 0, 5, 1, 4, 2]
    let y = x.permuted(order)
    #expect(y.shape == [4, 2, 3, 3, 2, 1])
    let (strides, sizes) = (x.shape.strides, y.shape.sizes)
    for (place, element) in y.elements.enumerated() {
      var (rest, source) = (place, 0)
      for axis in sizes.indices.reversed() {
        source += rest % sizes[axis] * strides[order[axis]]
        rest /= sizes[axis]
      }
      #expect(element == x.elements[source])
    }
    #expect(Self.counting.permuted([2, 0, 1])[3, 1, 2] == Self.counting[1, 2, 3])
    #expect(Tensor(4).permuted([]) == Tensor(4))
  }

  @Test func sliceConcatenateGather() {
    let x = Tape().constant(Self.counting)
    let slice = x.sliced(1, 1..<3)
    #expect(slice.shape == [2, 2, 4])
    #expect(slice.value[1, 0, 2] == Self.counting[1, 1, 2])
    let parts = [x.sliced(-2, 0..<1), slice]
    #expect(Variable.concatenated(parts, 1).value == Self.counting)
    #expect(x.sliced(0, 1..<1).shape == [0, 3, 4])
    let gathered = x.gathered(2, [3, 3, 0])
    #expect(gathered.shape == [2, 3, 3])
    #expect(gathered.value[1, 2, 1] == Self.counting[1, 2, 3])
    #expect(gathered.value[1, 2, 2] == Self.counting[1, 2, 0])
  }

  /// Patches row by row; in a patch channel, row, column.
  @Test func patchesAreOrderedAsAConvolutionsWeight() {
    let image = Tensor([1, 2, 4, 6], (0..<48).map(Float.init))
    let patches = Tape().constant(image).patches(2).value
    #expect(patches.shape == [1, 6, 8])
    for (patch, row, column) in [(0, 0, 0), (2, 0, 4), (3, 2, 0), (5, 2, 4)] {
      let expected = [0, 1].flatMap { channel in
        [(0, 0), (0, 1), (1, 0), (1, 1)].map { image[0, channel, row + $0.0, column + $0.1] }
      }
      #expect((0..<8).map { patches[0, patch, $0] } == expected)
    }
  }

  @Test func broadcastFollowsNumPy() {
    let row = Tape().constant(Tensor([3, 1], [1, 2, 3]))
    #expect(row.broadcast(to: [2, 3, 2]).value.elements == [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3])
    let sum = row + row.tape.constant(Tensor([2], [10, 20]))
    #expect(sum.value == Tensor([3, 2], [11, 21, 12, 22, 13, 23]))
    #expect((row + row.tape.constant(Tensor(repeating: 0, [0]))).shape == [3, 0])
  }
}
