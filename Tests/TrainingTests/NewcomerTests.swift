import Autodiff
import ConViT
import Files
import Foundation
import Images
import Testing
import Training

/// What people who come from PyTorch get wrong in their first hour, and what the library says: what
/// is wrong, where, and what would be right. Those that a compiler finds are not here.
@Suite struct NewcomerTests {
  /// A mistake that ends the process.
  struct Mistake: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let says: String
    let make: @Sendable () throws -> Void

    init(_ name: String, says: String, _ make: @escaping @Sendable () throws -> Void) {
      (testDescription, self.says, self.make) = (name, says, make)
    }
  }

  struct Net: Model {
    let input: Shape = [3, 32, 32]
    let stem = PatchEmbed(channels: 3, patchSize: 8, dim: 24)
    let gpsa = GPSA(dim: 24, heads: 3, grid: PatchGrid(rows: 4, columns: 4))
    let head = Linear(24, 5, kind: .head)
    func callAsFunction(_ x: Variable) -> Variable { head(gpsa(stem(x)).mean(1)) }
  }

  static func logits(of shape: Shape) -> Variable {
    let net = Net()
    return net(Tape(ParameterStore(net, seed: 0)).constant(Tensor(repeating: 0, shape)))
  }
  static func step(_ recipe: Recipe, _ batch: Batch) throws {
    let net = Net()
    var learner = Learner(net, ParameterStore(net, seed: 0), recipe)
    try learner.step(batch, epoch: 0, rate: 1e-3, on: WorkerPool(threads: 1))
  }
  static func constant(_ shape: Shape) -> Variable {
    Tape().constant(Tensor(repeating: 1, shape))
  }
  static func deit() throws -> (model: VisionTransformer, weights: ParameterStore) {
    let model = try VisionTransformer(.preset(of: "deit_tiny_patch16_224"))
    return (model, ParameterStore(model, seed: 0))
  }

  static let ending: [Mistake] = [
    Mistake(
      "fewer numbers than the shape has", says: "Tensor: shape [2, 3] needs 6 elements, found 3"
    ) { _ = Tensor([2, 3], [1, 2, 3]) },
    Mistake(
      "a shape of other elements", says: "Tensor.reshaped: [2, 3] has 6 elements, and [4, 2] 8"
    ) { _ = constant([2, 3]).reshaped([4, 2]) },
    Mistake(
      "operands the wrong way round",
      says: "matmul: [2, 3] · [2, 3]: inner sizes 3 and 2 differ; transposingSelf and"
    ) {
      _ = constant([2, 3]).matmul(constant([2, 3]))
    },
    Mistake(
      "shapes that do not broadcast",
      says: "+: shapes [2, 3] and [2, 4] do not match; from the last axis on"
    ) {
      _ = constant([2, 3]) + constant([2, 4])
    },
    Mistake(
      "an axis that is not there",
      says: "axis 2 of [2, 3], which has 2 axes, of which the first is 0 and the last -1"
    ) { _ = constant([2, 3]).mean(2) },
    Mistake(
      "one image without an axis of images",
      says: "images [3, 32, 32], expected [batch, channels, height, width]"
    ) { _ = logits(of: [3, 32, 32]) },
    Mistake(
      "an image of another size",
      says: "GPSA: 64 tokens for a grid of 4 × 4 patches; it takes one for each"
    ) { _ = logits(of: [1, 3, 64, 64]) },
    Mistake(
      "channels last", says: "images [1, 32, 32, 3], expected [batch, channels, height, width]"
    ) { _ = logits(of: [1, 32, 32, 3]) },
    Mistake(
      "an image of another size for a transformer",
      says: "images [1, 3, 192, 192] for a model of 3 × 224 × 224 pixels"
    ) {
      let (model, weights) = try deit()
      _ = model(Tape(weights).constant(Tensor(repeating: 0, [1, 3, 192, 192])))
    },
    Mistake(
      "heads that do not divide the features",
      says: "GPSA: 100 features cannot be divided among 3 heads"
    ) {
      _ = GPSA(dim: 100, heads: 3, grid: PatchGrid(rows: 4, columns: 4))
    },
    Mistake(
      "GPSA on tokens with a class token",
      says: "17 tokens for a grid of 4 × 4 patches; it takes one for each patch, and a class"
    ) {
      let gpsa = GPSA(dim: 24, heads: 3, grid: PatchGrid(rows: 4, columns: 4))
      _ = gpsa(Tape(ParameterStore(gpsa, seed: 0)).constant(Tensor(repeating: 0, [1, 17, 24])))
    },
    Mistake(
      "features of another width",
      says: "linear: input [1, 25] and weight [5, 24], which takes 24 features"
    ) {
      let layer = Linear(24, 5)
      _ = layer(Tape(ParameterStore(layer, seed: 0)).constant(Tensor(repeating: 0, [1, 25])))
    },
    Mistake("a label from 1 to 5", says: "targets: label 5 of 5 classes, which are 0 to 4") {
      _ = constant([1, 5]).crossEntropy(labels: [5])
    },
    Mistake(
      "labels of another batch", says: "logits [2, 5] and 3 labels, expected [labels, classes]"
    ) {
      _ = constant([2, 5]).crossEntropy(labels: [0, 1, 2])
    },
    Mistake(
      "a softmax before the cross-entropy",
      says: "the rows of [2, 5] are probabilities; it takes logits, before a softmax"
    ) {
      _ = constant([2, 5]).softmax().crossEntropy(labels: [0, 1])
    },
    Mistake(
      "gradients of all logits",
      says: "the loss has shape [2, 5], expected one number, such as its mean()"
    ) {
      let tape = Tape()
      _ = tape.gradients(of: tape.variable(Tensor(repeating: 1, [2, 5])))
    },
    Mistake("gradients twice", says: "it was differentiated already; take a tape for each pass") {
      let tape = Tape()
      let loss = tape.variable(Tensor(2)).squared()
      _ = tape.gradients(of: loss)
      _ = tape.gradients(of: loss)
    },
    Mistake(
      "weights of another model",
      says: "is not of this model of 2 parameters (weight, …): it belongs to another"
    ) {
      let (first, second) = (Linear(4, 2), Linear(4, 2))
      _ = second(Tape(ParameterStore(first, seed: 0)).constant(Tensor(repeating: 1, [1, 4])))
    },
    Mistake(
      "a learner whose weights are of another value",
      says: "Learner: the weights are of another value of the model, which has parameters of its"
    ) { _ = Learner(Net(), ParameterStore(Net(), seed: 0), Recipe { AdamW($0) }) },
    Mistake("everything frozen", says: "has all 11 parameters, so that none would learn") {
      let net = Net()
      var recipe = Recipe { AdamW($0) }
      recipe.pass.frozen = .all
      _ = Learner(net, ParameterStore(net, seed: 0), recipe)
    },
    Mistake(
      "a layer in a dictionary", says: "or to a layer that is not found, as in a dictionary"
    ) {
      struct Heads: Module { let heads = ["a": Linear(4, 2)] }
      let module = Heads()
      _ = module.heads["a"]!(
        Tape(ParameterStore(module, seed: 0)).constant(Tensor(repeating: 1, [1, 4])))
    },
    Mistake(
      "tokens that are not pooled", says: "logits [2, 16, 5] and 2 labels, expected [labels"
    ) { _ = constant([2, 16, 5]).crossEntropy(labels: [0, 1]) },
    Mistake(
      "an attention that loses the tokens",
      says: "Residual: a part [1, 1, 8] cannot be added to [1, 5, 8]"
    ) {
      struct Pooling: Attention {
        let value = Linear(8, 8)
        func callAsFunction(_ x: Variable) -> Variable { value(x).mean(-2, keepingAxis: true) }
      }
      let block = Block(dim: 8, attention: Pooling(), mlp: MLP(8, hidden: 8))
      _ = block(Tape(ParameterStore(block, seed: 0)).constant(Tensor(repeating: 1, [1, 5, 8])))
    },
    Mistake("values of two tapes", says: "on other tapes; one tape has all values of a pass") {
      _ = constant([2]) + constant([2])
    },
    Mistake(
      "one layer for all blocks",
      says: "are one parameter; make each element by itself, as in (0..<3).map"
    ) {
      struct Stack: Module { let layers = Array(repeating: Linear(4, 4), count: 3) }
      _ = ParameterStore(Stack(), seed: 0)
    },
    Mistake(
      "a learning rate that is no number",
      says: "AdamW.step: the learning rate is nan, expected a finite number, 0"
    ) {
      let net = Net()
      var learner = Learner(net, ParameterStore(net, seed: 0), Recipe { AdamW($0) })
      _ = try learner.step(
        Batch(inputs: Tensor(repeating: 0, [1, 3, 32, 32]), labels: [0], indices: [0]), epoch: 0,
        rate: .nan,
        on: WorkerPool(threads: 1))
    },
    Mistake(
      "heads of an attention of one's own", says: "the attention of block 1, Mean, shows no heads"
    ) {
      struct Mean: Attention {
        func callAsFunction(_ x: Variable) -> Variable { x }
      }
      var model = try deit().model
      model.blocks[1].attn = Mean()
      _ = model.ablating(heads: [0], inLayer: 1)
    },
    Mistake(
      "an edit of a layer that is not there, by name",
      says: "Edits: no place is called 'blocks.12.attn.map': the model has no module 'blocks.12'"
    ) {
      let (_, weights) = try deit()
      _ = Tape(weights, Pass(edits: Edits(at: "blocks.12.attn.map") { 0 * $0 }))
    },
    Mistake(
      "a slip in the place of a tap", says: "Taps: no place is called 'block.*.output': the model"
    ) { _ = Tape(try deit().weights, Pass(taps: Taps("block.*.output"))) },
    Mistake(
      "a label out of range, with mixup", says: "labels 7 and 1 of 5 classes, which are 0 to 4"
    ) {
      var recipe = Recipe { AdamW($0) }
      recipe.mixing = Mixing(mixup: 1, shape: [3, 32, 32], seed: 0)
      try step(recipe, Batch(inputs: Tensor(repeating: 0, [2, 3, 32, 32]), labels: [7, 1]))
    },
    Mistake(
      "CutMix for images of another size",
      says: "Mixing: CutMix's boxes are for examples of 64 × 64, found [3, 32, 32]; make it with"
    ) {
      var recipe = Recipe { AdamW($0) }
      recipe.mixing = Mixing(mixup: 0, cutmix: 1, shape: [3, 64, 64], seed: 0)
      try step(recipe, Batch(inputs: Tensor(repeating: 0, [2, 3, 32, 32]), labels: [0, 1]))
    },
    Mistake(
      "a target that is smoothed by more than all of it",
      says: "CrossEntropy: smoothing 2.0, expected 0 to 1"
    ) { _ = CrossEntropy(smoothing: 2) },
    Mistake(
      "a slip in the names of what is frozen",
      says: "recipe.pass.frozen names 'block.*', and no parameter is called so; names are as '"
    ) {
      let net = Net()
      var recipe = Recipe { AdamW($0) }
      recipe.pass.frozen = .named("block.*")
      _ = Learner(net, ParameterStore(net, seed: 0), recipe)
    },
    Mistake(
      "a batch whose labels are too many",
      says: "Batch: inputs [1, 3, 32, 32], 2 labels and 2 indices, expected one of each"
    ) {
      _ = Batch(inputs: Tensor(repeating: 0, [1, 3, 32, 32]), labels: [0, 1], indices: [0, 1])
    },
    Mistake("an edit of a layer that is not there", says: "layer 12 of 12, which are 0 to 11") {
      _ = try deit().model.ablating(heads: [0], inLayer: 12)
    },
    Mistake(
      "an embedding of a number that is too large",
      says: "places [10] of axis 0 of [10, 4], which has 0 to 9"
    ) {
      let layer = Embedding(10, 4)
      _ = layer([10], on: Tape(ParameterStore(layer, seed: 0)))
    },
    Mistake("no thread", says: "WorkerPool: 0 threads, expected 1 or more") {
      _ = WorkerPool(threads: 0)
    },
    Mistake("a shard of nothing", says: "size 0, lanes 1, expected 1 or more of both") {
      _ = Shards(size: 0, lanes: 1)
    },
  ]

  @Test(arguments: ending.indices) func aMistakeEndsTheProcess(_ index: Int) async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in try Self.ending[index].make() }
    let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(words.contains(Self.ending[index].says), "\(Self.ending[index]): \(words)")
  }

  @Test(arguments: thrown.indices) func aMistakeIsThrown(_ index: Int) {
    let mistake = Self.thrown[index]
    do {
      try mistake.make()
      Issue.record("\(mistake): nothing was thrown")
    } catch {
      #expect("\(error)".contains(mistake.says), "\(mistake): \(error)")
    }
  }
}
