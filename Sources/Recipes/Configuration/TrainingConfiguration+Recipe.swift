import Autodiff
import ConViT
import Training

extension TrainingConfiguration {
  /// How a model of the configuration is trained, if it says so with a teacher or weights of
  /// classes.
  package func recipe(
    for model: VisionTransformer, teacher: SavedModel? = nil, classWeights: [Float]? = nil
  ) throws(TrainingError) -> Recipe {
    let (settings, seed) = (trainedOptimizer(of: model.configuration), running.seed)
    let pass = Pass(
      precision: running.precision, frozen: try settings.frozen(in: ParameterTree(model)),
      recomputesBlocks: running.recompute)
    let objective = loss.objective(
      teacher: teacher.map { ($0.model, FrozenWeights($0.weights, .inference(pass.precision))) },
      classWeights: classWeights)
    var recipe = Recipe(objective: objective) { settings.optimizer(settings.groups(of: $0)) }
    recipe.mixing = loss.mixing(shape: model.input, seed: seed)
    recipe.clipping = settings.clipping
    recipe.averageDecay = settings.modelEma ? settings.modelEmaDecay : nil
    recipe.averageWarmsUp = settings.modelEmaWarmup
    recipe.pass = pass
    recipe.shards = shards(for: model)
    recipe.seed = seed
    return recipe
  }
}

extension LossSettings {
  func objective(
    teacher: (model: any Model, weights: FrozenWeights)?, classWeights: [Float]? = nil
  ) -> any Objective {
    let base: any Objective =
      bceLoss
      ? BinaryCrossEntropy(smoothing: smoothing, threshold: threshold)
      : CrossEntropy(smoothing: smoothing, weights: classWeights)
    return teacher.map {
      Distillation(base, teacher: $0.model, $0.weights, taught, share: distillationAlpha)
    } ?? base
  }

  var taught: Distillation.Kind {
    distillationType == .hard
      ? .hard
      : .soft(
        temperature: distillationTau, dividesByClasses: distillationReduction == .numel)
  }

  /// How examples are mixed with each other, if they are.
  func mixing(shape: Shape, seed: UInt64) -> Mixing? {
    guard mixes else { return nil }
    var mixing = Mixing(mixup: mixup, cutmix: cutmix, shape: shape, seed: seed)
    (mixing.minmax, mixing.probability) = (cutmixMinmax, mixupProb)
    (mixing.switchProbability, mixing.mode) = (mixupSwitchProb, mixupMode)
    mixing.offEpoch = mixupOffEpoch
    return mixing
  }
}
