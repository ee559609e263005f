import Autodiff

/// Gated positional self-attention (d'Ascoli et al. 2021, arXiv:2103.10697, equation 7).
///
///     A_h = (1 − σ(λ_h)) · softmax(Q_h·K_hᵀ / √D) + σ(λ_h) · softmax(v_h · r)
///     y = [A_h·V_h] · Wᵀ + b
///
/// PyTorch equivalent: timm's `models.convit.GPSA`, whose names of parameters these are.
///
/// Of the published code three things are left out, which changes no value and no derivative: the
/// division of A by the sums of its rows, which are 1; `pos_proj.bias`, which the softmax does not
/// see; and a map of positions for each image, of which there is one a step.
/// From the paper it differs as the published code does: four or sixteen heads start at offsets
/// that are halves of patches (`GPSAStart.offsets`).
///
/// ```swift
/// let attention = GPSA(dim: 192, heads: 4, grid: PatchGrid(rows: 14, columns: 14))
/// let weights = ParameterStore(attention, seed: 0)
/// let y = attention(Tape(weights).constant(x))  // [B, 196, 192] → [B, 196, 192]
/// ```
public struct GPSA: PositionalAttention {
  /// [2·H·D, dim]: queries and keys, each head by head.
  public let qk: Linear
  /// [H·D, dim]
  public let v: Linear
  /// [dim, H·D], [dim]
  public let proj: Linear
  /// [H, 3], [H]: what a head makes of (Δx, Δy, Δx² + Δy²).
  public let posProj: Linear
  /// [H]: λ, of which σ is the share of the positional attention.
  public let gatingParam: Parameter
  /// The number of heads, H.
  public let heads: Int
  package let grid: PatchGrid
  package let dropRate, attnDropRate: Float

  /// An attention of `heads` heads of `headDim` features, D, by default dim / heads, over the
  /// patches of `grid`; dropout after the projection, and of the elements of A (`attnDropRate`); λ
  /// is `gateStart` at first.
  public init(
    dim: Int, heads: Int, headDim: Int? = nil, grid: PatchGrid,
    start: GPSAStart = .convolutional(strength: 1),
    gateStart: Float = 1, qkvBias: Bool = false, dropRate: Float = 0, attnDropRate: Float = 0
  ) {
    let width = Self.width(heads: heads, of: headDim, dim: dim)
    qk = Linear(dim, 2 * width, bias: qkvBias)
    v = Linear(dim, width, bias: qkvBias, initial: start.value)
    proj = Linear(width, dim)
    posProj = Linear(3, heads, kind: .position, initial: start.position)
    gatingParam = Parameter([heads], kind: .gate, initial: .constant(gateStart))
    (self.heads, self.grid) = (heads, grid)
    (self.dropRate, self.attnDropRate) = (dropRate, attnDropRate)
  }

  /// λ, of which σ is the share of the positional attention.
  public var gateLogits: Parameter? { gatingParam }
}

/// How a GPSA layer starts.
public enum GPSAStart: Hashable, Sendable, Codable {
  /// As a convolution of ⌊√H⌋ × ⌊√H⌋ (section 3 of the paper): head h looks at one offset, more
  /// sharply the larger `strength` (α); values pass unchanged.
  case convolutional(strength: Float)
  case random

  var value: Initializer { self == .random ? .truncatedNormal(0.02) : .identity }

  var position: Initializer {
    let random = Initializer.truncatedNormal(0.02)
    guard case .convolutional(let strength) = self else { return random }
    return Initializer { shape, source in
      var weight = random(shape, source)
      weight.withUnsafeMutableBufferPointer { weight in
        // Heads beyond the square keep the random start, scaled like the others (as in timm).
        for index in weight.indices { weight[index] *= strength }
        for (head, offset) in Self.offsets(heads: shape[0]).enumerated() {
          weight[3 * head] = strength * 2 * offset.x
          weight[3 * head + 1] = strength * 2 * offset.y
          weight[3 * head + 2] = -strength
        }
      }
      return weight
    }
  }

  /// The offset in patches that each head looks at, for the ⌊√H⌋² heads that have one.
  ///
  /// With 2Δ·r − r² = Δ² − |r − Δ|², the positional attention is a Gaussian around Δ. The published
  /// code's Δ is half a patch for even kernels: (±0.5, ±0.5) for four heads.
  package static func offsets(heads: Int) -> [(x: Float, y: Float)] {
    let kernel = Int(Float(heads).squareRoot())
    let centre = kernel % 2 == 0 ? Float(kernel - 1) / 2 : Float(kernel / 2)
    return (0..<kernel * kernel).map { head in
      (x: Float(head / kernel) - centre, y: Float(head % kernel) - centre)
    }
  }
}
