/// What is said of an architecture before it is trained. Of all but the costs, larger is meant to
/// be better.
public enum Score: String, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
  /// ln det of the activation kernel; see ``ActivationCodes``.
  case naswot
  /// The same without most of what the model's size adds: s − B · ln N_A, at most 0.
  case naswotNormalized = "naswot-normalized"
  /// The mean of the gradient kernel; see ``GradientKernel``.
  case mgm
  /// Its diagonal: the mean of the examples' squared gradient norms.
  case mgmDiagonal = "mgm-diagonal"
  /// Its mean off the diagonal: how far the examples' gradients point the same way.
  case mgmOffDiagonal = "mgm-off-diagonal"
  /// What others' code computes in the place of the kernel's mean; see ``ReleasedKernel``.
  case mgmReleased = "mgm-released"
  case mgmAutoProx = "mgm-auto-prox"
  /// The norm of the gradient of the mean loss over the whole batch.
  case gradientNorm = "grad-norm"
  /// Σ |g ⊙ θ| (Lee, Ajanthan and Torr, SNIP, ICLR 2019).
  case snip
  /// Σ θ ⊙ ∂R/∂θ of a model of magnitudes; see ``SynapticFlow``.
  case synflow
  /// The diversity of attention and the saliency of all else; see ``SynapticFlow``.
  case dss
  /// The number of parameters.
  case parameters = "params"
  /// The multiply–adds of one example's prediction.
  case multiplyAdds = "macs"
  /// The milliseconds of one example's prediction, which want a clock: no ``ScoreMeter`` has one.
  case milliseconds = "ms"

  /// What is paid for a model, of which less is better.
  package static let costs: [Score] = [.parameters, .multiplyAdds, .milliseconds]

  /// Whether it is the same for every start and batch.
  package var isExact: Bool { self == .parameters || self == .multiplyAdds }

  /// Those that want a backward pass for each example.
  static let ofEachExample: Set<Score> = [
    .mgmDiagonal, .mgmOffDiagonal, .mgmReleased, .mgmAutoProx,
  ]
  /// All others: a forward and a backward pass of a batch, and one of a single example.
  package static let ofOneBatch = Set(allCases).subtracting(ofEachExample)
    .subtracting([.milliseconds])
}
