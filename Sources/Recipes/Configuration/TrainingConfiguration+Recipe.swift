import Autodiff
import ConViT
import Files
import Images
import Symmetry
import Training

extension TrainingConfiguration {
  /// How a model is trained, if the settings say so with a teacher or with weights of classes.
  package func recipe(
    for model: any VisionModel, teacher: SavedModel? = nil, classWeights: [Float]? = nil,
    processes: Int = 1
  ) throws(TrainingError) -> Recipe {
    let (settings, seed) = (trainedOptimizer(of: model.image), running.seed)
    let pass = Pass(
      precision: running.precision, frozen: try settings.frozen(in: ParameterTree(model)),
      recomputesBlocks: running.recompute)
    var taught: (model: any Model, weights: FrozenWeights)?
    if let teacher {
      let weights = FrozenWeights(teacher.weights, .inference(pass.precision))
      taught = (try loss.averaged(teacher.model).seeing(model), weights)
    }
    let objective = loss.objective(teacher: taught, classWeights: classWeights)
    var recipe = Recipe(objective: objective) { settings.optimizer(settings.groups(of: $0)) }
    recipe.mixing = loss.mixing(shape: model.input, seed: seed)
    recipe.clipping = settings.clipping
    recipe.averageDecay = settings.modelEma ? settings.modelEmaDecay : nil
    recipe.averageWarmsUp = settings.modelEmaWarmup
    recipe.pass = pass
    recipe.shards = shards(for: model, processes: processes)
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

  /// A teacher, averaged if it is to be.
  func averaged(_ teacher: any Model) throws(TrainingError) -> any Model {
    guard let symmetry = try averaging() else { return teacher }
    do {
      return try Averaged(teacher, over: symmetry)
    } catch {
      throw TrainingError(usage: "distill-average: \(error)")
    }
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

extension Model {
  /// A teacher of what a student sees: of images, it looks at each frame of a clip, and says the
  /// mean of what it finds probable.
  fileprivate func seeing(_ student: any Model) -> any Model {
    input.rank < student.input.rank ? AveragedViews(self, views: student.input[0]) : self
  }
}

extension TrainingConfiguration {
  /// Throws unless the model has a second head for a teacher exactly if there is to be one.
  func validateDistillation(of model: ViTConfiguration) throws {
    let type = loss.distillationType
    do {
      _ = try loss.teacherModel.map(ViTConfiguration.preset(of:))
    } catch {
      throw TrainingError(usage: "teacher-model: \(error)")
    }
    let isDistilled = model.isDistilled
    guard isDistilled == (type == .none) else { return }
    throw TrainingError(
      usage: isDistilled
        ? "model \(architecture.model) has a head that learns from a teacher: give "
          + "distillation-type soft or hard, and teacher-path"
        : "distillation-type \(type) is for models with a distillation token, such as "
          + "deit_tiny_distilled_patch16_224, not for \(architecture.model)")
  }

  /// The teacher, for the images of a model and data of `classes`; nil if there is to be none.
  func teacher(
    of student: any VisionModel, _ classes: [String], _ notes: inout [String]
  ) throws -> SavedModel? {
    guard loss.hasTeacher, let path = loss.teacherPath else { return nil }
    let model = student.image
    let teacher = try SavedModel(
      weightsOrCheckpoint: path,
      as: SavedModel.Description(
        name: loss.teacherModel, imageHeight: model.imageHeight, imageWidth: model.imageWidth))
    let count = teacher.architecture.outputCount ?? model.classes
    guard count == model.classes else {
      throw TrainingError("\(path): the teacher has \(count) classes, the model \(model.classes)")
    }
    if let names = teacher.classNames,
      let place = zip(names, classes).enumerated().first(where: { $1.0 != $1.1 })
    {
      throw TrainingError(
        "\(path): the teacher's class \(place.offset) is '\(place.element.0)', the data's "
          + "'\(place.element.1)'")
    }
    guard teacher.model.input.rank == 3 || teacher.model.input == student.input else {
      throw TrainingError(
        "\(path): the teacher takes \(teacher.model.input), the model \(student.input), and both "
          + "see the same: a teacher is of images, or of clips of as many frames")
    }
    let channels = teacher.model.input[-3]
    guard channels == model.channels else {
      throw TrainingError(
        "\(path): the teacher takes images of \(counted(channels, "channel", "channels")), the "
          + "model of \(model.channels), and both see the same ones")
    }
    let (theirs, ours) = (try teacher.frameReader().normalization, try normalization())
    guard theirs == ours else {
      throw TrainingError(
        "\(path): the teacher's images are normalised by \(theirs.statistics), the model's by "
          + "\(ours.statistics), and both see the same ones: --mean and --std must be the teacher's"
      )
    }
    let broken = teacher.weights.nonFiniteNames
    guard broken.isEmpty else {
      throw WeightsError(
        path: path, reason: "not all numbers are finite in " + broken.joined(separator: ", "))
    }
    notes += teacher.warnings.map { "\(path): \($0)" }
    return teacher
  }
}
