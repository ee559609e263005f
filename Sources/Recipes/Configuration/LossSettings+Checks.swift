import Training

extension LossSettings {
  /// Throws what is wrong with the values, or has no effect beside the others.
  package func validate() throws(TrainingError) {
    try require((0..<1).contains(smoothing), "smoothing must be in 0 ..< 1, found \(smoothing)")
    try require(classWeights != "", "class-weights is empty")
    try requireUse(
      of: "class-weights", classWeights == nil || !bceLoss,
      "class-weights is for cross-entropy, not for bce-loss")
    for (name, alpha) in [("mixup", mixup), ("cutmix", cutmix)] {
      try require(alpha.isFinite && alpha >= 0, "\(name) must not be negative, found \(alpha)")
    }
    for (name, share) in [
      ("mixup-prob", mixupProb), ("mixup-switch-prob", mixupSwitchProb),
      ("distillation-alpha", distillationAlpha),
    ] {
      try require((0...1).contains(share), "\(name) must be in 0 ... 1, found \(share)")
    }
    try require(mixupOffEpoch >= 0, "mixup-off-epoch must not be negative, found \(mixupOffEpoch)")
    let defaults = LossSettings()
    for (name, isGiven) in [
      ("mixup-prob", mixupProb != defaults.mixupProb),
      ("mixup-mode", mixupMode != defaults.mixupMode), ("mixup-off-epoch", mixupOffEpoch != 0),
    ] {
      try requireUse(of: name, mixes || !isGiven, "\(name) has no effect without mixup and cutmix")
    }
    try requireUse(
      of: "mixup-switch-prob",
      mixup > 0 && cutmix > 0 || mixupSwitchProb == defaults.mixupSwitchProb,
      "mixup-switch-prob has no effect unless there are both mixup and cutmix")
    if let cutmixMinmax { try check(minmax: cutmixMinmax) }
    try checkBinaryCrossEntropy()
    try checkDistillation(defaults)
  }

  /// Throws if every target would come to 1.
  func validate(classes: Int) throws(TrainingError) {
    guard let bceTargetThresh else { return }
    try require(
      smoothing == 0 || bceTargetThresh >= smoothing / Double(classes),
      "bce-target-thresh \(bceTargetThresh) makes all targets 1 with smoothing \(smoothing) over "
        + "\(classes) classes")
  }

  private func check(minmax: [Double]) throws(TrainingError) {
    try require(
      minmax.count == 2 && minmax[0] >= 0 && minmax[0] < minmax[1] && minmax[1] <= 1,
      "cutmix-minmax must be two rising numbers in 0 ... 1, found \(minmax)")
    try require(
      cutmix == 1, "cutmix \(cutmix) has no effect beside cutmix-minmax; leave it at 1")
  }

  private func checkBinaryCrossEntropy() throws(TrainingError) {
    guard let bceTargetThresh else { return }
    try requireUse(
      of: "bce-target-thresh", bceLoss, "bce-target-thresh has no effect without bce-loss")
    try require(
      (0..<1).contains(bceTargetThresh),
      "bce-target-thresh must be in 0 ..< 1, found \(bceTargetThresh)")
  }

  private func checkDistillation(_ defaults: LossSettings) throws(TrainingError) {
    for (name, isGiven) in [
      ("teacher-model", teacherModel != nil), ("teacher-path", teacherPath != nil),
      ("distillation-alpha", distillationAlpha != defaults.distillationAlpha),
    ] {
      try requireUse(
        of: name, distillationType != .none || !isGiven,
        "\(name) has no effect with distillation-type none")
    }
    for (name, isGiven) in [
      ("distillation-tau", distillationTau != defaults.distillationTau),
      ("distillation-reduction", distillationReduction != defaults.distillationReduction),
    ] {
      try requireUse(
        of: name, distillationType == .soft || !isGiven, "\(name) is for distillation-type soft")
    }
    try require(
      distillationTau.isFinite && distillationTau > 0,
      "distillation-tau must be positive, found \(distillationTau)")
    try require(
      distillationType == .none || teacherPath != nil,
      "distillation-type \(distillationType) needs teacher-path, the weights of the teacher")
  }
}
