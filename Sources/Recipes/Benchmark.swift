import Autodiff
import ConViT
import Foundation
import Images
import Training

/// How fast a model trains or predicts, on random images or clips that are in memory.
package struct Benchmark: Sendable {
  package enum Mode: String, Sendable, Codable, CaseIterable { case train, inference }

  package let name: String
  package let model: any VisionModel
  /// Steps of the optimiser, or predictions.
  let mode: Mode
  let batchSize: Int
  package let threads: Int
  package var warmup = 2
  /// Steps to measure, or else as many as fit into `seconds` (three at least).
  package var steps: Int?
  package var seconds = 10.0
  // As in `RunSettings`.
  package var recompute = false
  package var lanes = 4
  package var shardSize: Int?
  package var pinThreads = false
  package var precision = Precision.float32
  /// The processes that train together, each on `batchSize` examples and as many threads.
  package var group: any ProcessGroup = SingleProcess()

  package init(
    name: String, model: any VisionModel, mode: Mode, batchSize: Int, threads: Int
  ) {
    (self.name, self.model, self.mode) = (name, model, mode)
    (self.batchSize, self.threads) = (batchSize, threads)
  }

  package struct Report: Sendable, Codable {
    package let model: String
    package let mode: Mode
    package let batchSize, threads: Int
    /// The processes that trained together, each of which had as many threads and examples.
    package let ranks: Int
    /// Images, or clips, by the median step, and by the fastest one.
    package let imagesPerSecond, imagesPerSecondBest: Double
    /// Operations of the model's matrix products a second, at the median step; those that a
    /// derivative needs again are not counted.
    package let gflops: Double
    /// The rate of such products alone, on all threads, and by the BLAS library in floats; not
    /// measured where the benchmark's `steps` is given.
    package let gemmGflops, blasGflops: Double?
    /// What the kernels of `products` would reach if all operands were in registers; not measured
    /// for the BLAS library, nor where `steps` is given.
    package let peakGflops: Double?
    /// The most memory that the process had until the last step, in units of 2²⁰ bytes.
    package let peakRssMb: Double
    /// Shares of the threads' time, which sum to 1.
    package let breakdown: [String: Double]
    package let blas: String
    package let precision: Precision
    package let products: String
    /// The instructions that kernels use, "x86-64-v3".
    package let level: String
    /// What an average over a group costs, if that was measured too.
    package var average: AverageBenchmark.Report?
  }

  package func callAsFunction() throws -> Report {
    let pool = WorkerPool(threads: threads, pinned: pinThreads)
    var times: [Double] = []
    let step = try makeStep(pool)
    for index in 0..<warmup { try step(index) }
    let work = try WorkMeter.seconds { times = try timesInOrder(of: step).sorted() }
    let peak = Resources.current.peakMegabytes
    let rate = imagesPerSecond(times)
    return Report(
      model: name, mode: mode, batchSize: batchSize, threads: threads, ranks: group.count,
      imagesPerSecond: rate,
      imagesPerSecondBest: Double(batchSize * group.count) / times[0],
      gflops: rate * 2 * Double(model.multiplyAdds) * (mode == .train ? 3 : 1) / 1e9,
      gemmGflops: steps == nil ? gemmRate(on: pool, in: precision) : nil,
      blasGflops: steps == nil ? gemmRate(on: pool, in: nil) : nil,
      peakGflops: steps == nil
        ? ProductKernels.serving(precision).map {
          $0.peakOperationsPerSecond(on: pool, seconds: 0.5) / 1e9
        } : nil,
      peakRssMb: peak,
      breakdown: shares(work, of: Double(threads) * times.reduce(0, +)),
      blas: BLASLibrary.current.description, precision: precision,
      products: ProductKernels.description(of: precision), level: ProductKernels.level)
  }

  /// The medians of the first, second and last third of the steps, in seconds an image: how far the
  /// machine agrees with itself.
  package func secondsPerImage() throws -> [Double] {
    let pool = WorkerPool(threads: threads, pinned: pinThreads)
    let step = try makeStep(pool)
    for index in 0..<warmup { try step(index) }
    let times = try timesInOrder(of: step)
    return (0..<3).map { third in
      let part = times[times.count * third / 3..<times.count * (third + 1) / 3].sorted()
      return part[part.count / 2] / Double(batchSize)
    }
  }

  /// The rate of the median step.
  package func imagesPerSecond(_ times: [Double]) -> Double {
    Double(batchSize * group.count) / times[times.count / 2]
  }

  private func timesInOrder(of step: (Int) throws -> Void) throws -> [Double] {
    var times: [Double] = []
    let begin = ContinuousClock.now
    repeat {
      let start = ContinuousClock.now
      try step(warmup + times.count)
      times.append((ContinuousClock.now - start) / .seconds(1))
    } while try goesOn(
      steps.map { times.count < $0 }
        ?? (times.count < 3 || (ContinuousClock.now - begin) / .seconds(1) < seconds))
    return times
  }

  /// Whether the first process says that there are more steps.
  private func goesOn(_ own: Bool) throws -> Bool {
    group.count == 1 ? own : try group.exchange(own)[0]
  }

  private func makeStep(_ pool: WorkerPool) throws -> (Int) throws -> Void {
    let weights = ParameterStore(model, seed: 0)
    let batch = model.randomExamples(batchSize)
    switch mode {
    case .inference:
      let frozen = FrozenWeights(weights, .inference(precision))
      return { _ in _ = model.logits(of: batch, frozen, on: pool) }
    case .train:
      var recipe = TrainingConfiguration()
      recipe.batchSize = batchSize
      (recipe.recompute, recipe.lanes, recipe.shardSize) = (recompute, lanes, shardSize)
      recipe.precision = precision
      (recipe.mixup, recipe.cutmix) = (0, 0)  // the model is measured
      var learner = Learner(model, weights, try recipe.recipe(for: model), in: group)
      let labels = (0..<batchSize).map { $0 % model.image.classes }
      let samples = Batch(inputs: batch, labels: labels, indices: Array(0..<batchSize))
      return { _ = try learner.step(samples, epoch: $0, rate: 1e-4, on: pool) }
    }
  }

  /// The shares of `total` thread seconds.
  private func shares(_ work: [WorkMeter.Work: Double], of total: Double) -> [String: Double] {
    let kinds: [WorkMeter.Work] = [.linear, .attention, .softmax, .gelu, .norm, .optimizer]
    var shares: [String: Double] = [:]
    for kind in kinds { shares["\(kind)"] = work[kind, default: 0] / total }
    let busy = work[.busy, default: 0]
    let named = kinds.filter { $0 != .optimizer }.reduce(0) { $0 + work[$1, default: 0] }
    shares["other"] = (busy - named) / total
    shares["idle"] = 1 - (busy + work[.optimizer, default: 0]) / total
    return shares
  }

  /// The rate of the model's own products: all operations by all time.
  private func gemmRate(on pool: WorkerPool, in precision: Precision?) -> Double {
    let shard = Shards(for: model, batchSize: batchSize, size: shardSize).size
    let costs = model.costs(examples: shard, Pass(isRecorded: mode == .train), isWhole: true)
    var (operations, time) = (0.0, 0.0)
    for (product, count) in costs.products {
      operations += product.operations * Double(count)
      time +=
        product.operations * Double(count)
        / product.operationsPerSecond(on: pool, seconds: 0.2, in: precision)
    }
    return operations / time / 1e9
  }
}

extension Model {
  /// [count] + `input`, uniform from −2 to 2.
  func randomExamples(_ count: Int) -> Tensor {
    var random = Random(seed: 0).split("benchmark")
    var examples = Tensor(repeating: 0, Shape([count] + input.sizes))
    examples.withUnsafeMutableBufferPointer { numbers in
      for index in numbers.indices { numbers[index] = Float(random.uniform(-2, 2)) }
    }
    return examples
  }
}
