import Autodiff
import ConViT
import DoubleNumerics
import Foundation
import Images
import Locality
import Scores

/// How scores and predictions order networks whose accuracies others have measured, as CSV.
///
///     VitBench replay FOLDER          a regression on 24 networks, 150 times, without training
///     VitBench scores FOLDER IMAGES   scores of the 100 AutoFormer-Ti networks, at 224² pixels
@main struct VitBench {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch (arguments.first, arguments.count) {
    case ("replay", 2): try replay(arguments[1])
    case ("scores", 3): try score(arguments[1], imagesIn: arguments[2])
    default:
      FileHandle.standardError.write(
        Data("usage: VitBench replay FOLDER | VitBench scores FOLDER IMAGES\n".utf8))
      exit(2)
    }
  }

  /// Each file's tasks: the accuracies that all its networks have.
  private static func tasks(of networks: [Network]) -> [String] {
    let names = Set(networks.flatMap(\.accuracies.keys)).sorted()
    return names.filter { name in networks.allSatisfy { $0.accuracies[name] != nil } }
  }

  private static func replay(_ folder: String) throws {
    print("file,task,networks,ridge,size")
    for file in ["gt_autoformer", "gt_autoformer_2", "gt_pit"] {
      let networks = try Network.all(in: "\(folder)/\(file).json")
      let features = networks.map(\.arch.features)
      for task in tasks(of: networks) {
        let accuracies = networks.map { $0.accuracies[task] ?? 0 }
        var random = Random(seed: 0).split(file + task)
        let draws = (0..<150).compactMap { _ -> Double? in
          let order = random.permutation(networks.count)
          let (trained, rest) = (order.prefix(24), order.dropFirst(24))
          guard
            let fit = RidgeRegression(
              trained.map { features[$0] }, trained.map { accuracies[$0] })
          else { return nil }
          return RankCorrelation.kendall(
            rest.map { fit(features[$0]) }, rest.map { accuracies[$0] })?.coefficient
        }
        let ridge = draws.reduce(0, +) / Double(draws.count)
        let size = RankCorrelation.kendall(networks.map(\.arch.size), accuracies)?.coefficient ?? 0
        print("\(file),\(task),\(networks.count),\(ridge),\(size)")
      }
    }
  }

  private static func score(_ folder: String, imagesIn images: String) throws {
    let networks = try Network.all(in: "\(folder)/gt_autoformer.json")
    let data = try ImageFolder(root: images, split: "train")
    let examples = data.inClassTurns(50, seed: 0)
    let reader = ImageReader(
      decoder: ImageDecoder(), transform: EvaluationTransform(size: ImageSize(224)),
      normalization: .imageNet)
    let loader = BatchLoader(
      order: examples.map { ExampleRequest($0, random: Random(seed: 0)) }, reader: reader,
      batchSize: 50, workers: 2)
    guard let batch = try loader.next(), batch.count == 50 else {
      throw CocoaError(.fileReadCorruptFile)
    }
    let pool = WorkerPool(threads: ProcessInfo.processInfo.activeProcessorCount)
    let start = ContinuousClock.now
    let models = try networks.map { try $0.arch.model(classes: data.classes.count) }
    let found = pool.map(models) { model in
      let weights = ParameterStore(model, seed: 0)
      var naswot = ScoreMeter(
        examples: batch.inputs.sliced(0, 0..<32), labels: Array(batch.labels[..<32]))
      naswot.scores = [.naswot, .naswotNormalized, .synflow, .dss, .parameters, .multiplyAdds]
      var scores = naswot(model, weights)
      var gradients = ScoreMeter(examples: batch.inputs, labels: batch.labels)
      gradients.scores = [.mgm, .gradientNorm, .snip, .mgmReleased, .mgmAutoProx]
      scores.merge(gradients(model, weights)) { $1 }
      return scores
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    FileHandle.standardError.write(
      Data("\(networks.count) networks scored in \(Int(seconds)) s\n".utf8))
    let (tasks, scores) = (tasks(of: networks), Score.allCases.filter { found[0][$0] != nil })
    print("network," + (scores.map(\.rawValue) + tasks).joined(separator: ","))
    for (place, network) in networks.enumerated() {
      let values =
        scores.map { found[place][$0] ?? .nan } + tasks.map { network.accuracies[$0] ?? 0 }
      print("\(place)," + values.map { "\($0)" }.joined(separator: ","))
    }
  }
}
