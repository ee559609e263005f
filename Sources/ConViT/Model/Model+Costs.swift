import Autodiff

extension Model {
  /// What a pass of `examples` examples costs; see ``Costs``.
  ///
  /// - Parameter isWhole: whether all blocks are counted for all tokens, as papers do, and timm; a
  ///   vision transformer's last block computes only those that the head reads.
  public func costs(
    examples: Int = 1, _ pass: Pass = .inference, isWhole: Bool = false
  ) -> Costs {
    var pass = pass
    if isWhole { pass.taps = Taps("blocks.*.output") }
    return Costs(ParameterTree(self), pass) { self($0.constant(self.examples(examples))) }
  }

  /// Room for examples, [count] + `input`, of a dry run.
  package func examples(_ count: Int) -> Tensor {
    Tensor(unsafeUninitialized: Shape([count] + input.sizes))
  }

  /// The multiply–adds of one example's prediction, counted as papers and timm do: matrix products
  /// only, of all tokens. Table 1 of the ConViT paper calls them flops.
  public var multiplyAdds: Int { costs(isWhole: true).multiplyAdds }
}
