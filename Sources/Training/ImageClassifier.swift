import Autodiff
import ConViT
import Images

/// What a model says of one image.
public struct Prediction: Sendable, Codable, Hashable {
  /// A class and how probable the model holds it.
  public struct Candidate: Sendable, Codable, Hashable {
    /// The class's name, or its number as text where names are not known.
    public let `class`: String
    /// Its place in the logits, from 0.
    public let index: Int
    /// The softmax of the logits, in 0 … 1.
    public let probability: Float
  }

  /// The image's file, as it was asked for.
  public let path: String
  /// The most probable classes, the first of them first.
  public let top: [Candidate]
  /// What the head gave, one number a class, if asked for.
  public let logits: [Float]?
}

/// Names what is on images.
///
/// ```swift
/// let classifier = try ImageClassifier(contentsOf: "Weights/fashion.safetensors")
/// print(try classifier.classify("boot.png").top[0].class)  // ankle-boot
/// ```
public struct ImageClassifier: Sendable {
  private let saved: SavedModel
  private let reader: ImageReader
  private let pool: WorkerPool
  private let frozen: FrozenWeights

  /// A classifier that prepares images as the model's evaluation does, or with another reader.
  ///
  /// - Throws: what `SavedModel.imageReader` does.
  public init(
    _ saved: SavedModel, reader: ImageReader? = nil, precision: Precision = .float32,
    pool: WorkerPool
  ) throws {
    self.saved = saved
    self.reader = try reader ?? saved.imageReader()
    self.pool = pool
    frozen = FrozenWeights(saved.weights, .inference(precision))
  }

  /// A classifier of the model in a weights file, which prepares images as its evaluation does.
  ///
  /// - Throws: what `SavedModel(contentsOf:)` and `SavedModel.imageReader` do.
  public init(contentsOf path: String) throws {
    try self.init(SavedModel(contentsOf: path))
  }

  /// Predicts one image.
  ///
  /// - Parameter top: how many classes to name, or all if there are fewer.
  /// - Throws: `ImageError` if it cannot be read.
  public func classify(_ path: String, top: Int = 5) throws -> Prediction {
    try classify([path], top: top, withLogits: false)[0].get()
  }

  /// Predicts each image, in order; an image that cannot be read has an error in its place.
  ///
  /// - Parameters:
  ///   - top: how many classes to name, or all if there are fewer.
  ///   - noting: takes what is wrong with files of which all pixels are known.
  public func classify(
    _ paths: [String], top: Int, withLogits: Bool, noting: (ImageError) -> Void = { _ in }
  ) -> [Result<Prediction, any Error>] {
    let read = pool.map(paths) { path in
      var note: ImageError?
      let image = Result { try reader.image(at: path, noting: { note = $0 }) }
      return (image: image, note: note)
    }
    read.compactMap(\.note).forEach(noting)
    let images = read.map(\.image)
    let good = images.compactMap { try? $0.get() }
    let logits = good.isEmpty ? nil : saved.model.logits(of: tensor(good), frozen, on: pool)
    var row = 0
    return zip(paths, images).map { path, image in
      Result {
        _ = try image.get()
        defer { row += 1 }
        let values = logits?.sliced(0, row..<row + 1).elements ?? []
        guard values.allSatisfy(\.isFinite) else {
          throw ImageError(path: path, reason: "the model's logits for it are not all finite")
        }
        return prediction(path, values, top: top, withLogits: withLogits)
      }
    }
  }

  private func tensor(_ images: [RGBImage]) -> Tensor {
    let (shape, length) = (reader.shape, reader.shape.elementCount)
    return Tensor(unsafeUninitialized: [images.count, shape[0], shape[1], shape[2]]) { out in
      pool.run(images.count) { index in
        reader.normalization.write(
          images[index],
          into: UnsafeMutableBufferPointer(start: out + index * length, count: length))
      }
    }
  }

  private func prediction(
    _ path: String, _ logits: [Float], top: Int, withLogits: Bool
  ) -> Prediction {
    let row = Tensor([1, logits.count], logits)
    let probabilities = Tape(.inference).constant(row).softmax().value.elements
    let order = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
    let candidates = order.prefix(top).map {
      Prediction.Candidate(
        class: saved.className($0), index: $0, probability: probabilities[$0])
    }
    return Prediction(path: path, top: candidates, logits: withLogits ? logits : nil)
  }
}

extension SavedModel {
  /// The size of the images that the model takes: its input's last two axes.
  public var imageSize: ImageSize { ImageSize(height: model.input[-2], width: model.input[-1]) }

  /// How the images of the model are read: at its size, resized, cropped and normalised as its file
  /// says; bicubically, to 7/8 of the shorter side, and by ImageNet's mean and deviation where it
  /// says nothing.
  ///
  /// - Throws: `TransformError` or `TrainingError` for a model whose inputs cannot be images.
  public func imageReader() throws -> ImageReader {
    guard model.input.rank == 3 else {
      throw TrainingError("the model takes \(model.input), which is no image")
    }
    let own = try normalization.map { try Normalization(mean: $0.mean, std: $0.std) }
    return ImageReader(
      transform: evaluationTransform(cropRatio: nil),
      normalization: try own ?? .imageNet(channels: model.input[0]))
  }

  /// From an image to what is evaluated of it; a `cropRatio` that is given is taken for the
  /// model's.
  package func evaluationTransform(cropRatio given: Double?) -> EvaluationTransform {
    EvaluationTransform(
      size: imageSize, cropRatio: given ?? cropRatio ?? 0.875,
      resampling: interpolation == .bilinear ? .bilinear : .bicubic)
  }

  /// The name of a class, or its number where names are not known.
  public func className(_ index: Int) -> String {
    if let classNames, index < classNames.count { return classNames[index] }
    return String(index)
  }
}
