import Autodiff
import ConViT

extension TrainingConfiguration {
  /// How a model of the configuration is trained.
  ///
  /// - Parameters:
  ///   - teacher: whom to learn from, if the configuration says so.
  ///   - classWeights: how much each class counts, if not all the same.
  /// - Throws: `TrainingError` if what is to be frozen is not there, or is everything.
  public func recipe(
    for model: VisionTransformer, teacher: SavedModel? = nil, classWeights: [Float]? = nil
  ) throws(TrainingError) -> Recipe {
    let (settings, seed) = (trainedOptimizer(of: model.configuration), running.seed)
    let pass = Pass(
      precision: running.precision, frozen: try settings.frozen(in: ParameterTree(model)),
      recomputesBlocks: running.recompute)
    let objective = ClassificationLoss(
      loss,
      teacher: teacher.map { ($0.model, FrozenWeights($0.weights, .inference(pass.precision))) },
      classWeights: classWeights)
    var recipe = Recipe(objective: objective) { settings.optimizer(settings.groups(of: $0)) }
    recipe.mixing = Mixing(loss, shape: model.input, seed: seed)
    recipe.clipping = settings.clipping
    recipe.averageDecay = settings.modelEma ? settings.modelEmaDecay : nil
    recipe.averageWarmsUp = settings.modelEmaWarmup
    recipe.pass = pass
    recipe.shards = shards(for: model)
    recipe.seed = seed
    return recipe
  }
}
