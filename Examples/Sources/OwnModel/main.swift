// A model that is no transformer, on arrays in memory: mixup, clipping, moving average; resumed.
import Autodiff
import ConViT
import Images
import Training

struct TwoLayers: Model {
  let input: Shape = [12]
  let fc1 = Linear(12, 32)
  let fc2 = Linear(32, 3, kind: .head)
  func callAsFunction(_ x: Variable) -> Variable { fc2(fc1(x).gelu().dropout(0.1)) }
}

struct Perceptron: Architecture {
  static let name = "perceptron"
  func makeModel() -> any Model { TwoLayers() }
}

// A class is where the largest of the first three numbers is.
var random = Random(seed: 1)
let points = (0..<600).map { _ in (0..<12).map { _ in Float(random.normal()) } }
let labels = points.map { point in (0..<3).max { point[$0] < point[$1] }! }
let data = InMemoryExamples(inputs: Tensor([600, 12], points.flatMap { $0 }), labels: labels)

var recipe = Recipe(objective: CrossEntropy(smoothing: 0.1)) { AdamW($0, weightDecay: 0.05) }
recipe.mixing = Mixing(mixup: 0.2, shape: data.shape, seed: 0)
recipe.clipping = .norm(1)
recipe.averageDecay = 0.95

let (model, pool) = (TwoLayers(), WorkerPool(threads: 2))
let order = SampleOrder(seed: 0, isShuffled: true, repeats: 1)
func train(_ learner: inout Learner, epochs: Range<Int>) throws {
  for epoch in epochs {
    let requests = order(data.examples, epoch: epoch)
    let loader = BatchLoader(order: requests, reader: data, batchSize: 50, workers: 1)
    while let batch = try loader.next() {
      try learner.step(batch, epoch: epoch, rate: 0.01, on: pool)
    }
  }
}

var whole = Learner(model, ParameterStore(model, seed: 0), recipe)
try train(&whole, epochs: 0..<20)

let moment = CommandLine.arguments[1] + "/moment.safetensors"
var first = Learner(model, ParameterStore(model, seed: 0), recipe)
try train(&first, epochs: 0..<7)
try first.snapshot.write(to: moment)
var second = Learner(model, ParameterStore(model, seed: 5), recipe)
try second.restore(Snapshot(contentsOf: moment))
try train(&second, epochs: 7..<20)
guard second.weights.values == whole.weights.values else { fatalError("not the same bits") }

let path = CommandLine.arguments[1] + "/perceptron.safetensors"
try SavedModel(Perceptron(), second.average!.weights).write(to: path)
let saved = try SavedModel(contentsOf: path, architectures: [Perceptron.self])
let logits = try Predictor(saved).logits(points[0])
print("OwnModel: the same bits after an interruption; logits \(logits) for class \(labels[0])")
