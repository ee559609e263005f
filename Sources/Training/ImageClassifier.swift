import Autodiff
import ConViT
import Images

/// What a model says of one image or clip.
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

/// Names what is on images, or in clips.
///
/// ```swift
/// let classifier = try ImageClassifier(contentsOf: "Weights/fashion.safetensors")
/// print(try classifier.classify("boot.png").top[0].class)  // ankle-boot
/// ```
public struct ImageClassifier: Sendable {
  private let saved: SavedModel
  private let model: any Model
  private let reader: any ExampleReader
  private let pool: WorkerPool
  private let frozen: FrozenWeights

  /// A classifier that prepares images as the model's evaluation does, or with another reader.
  ///
  /// Where the reader gives several views of each, the mean of the probabilities is taken.
  ///
  /// - Throws: what `SavedModel.imageReader` does.
  public init(
    _ saved: SavedModel, reader: (any ExampleReader)? = nil, precision: Precision = .float32,
    pool: WorkerPool = WorkerPool()
  ) throws {
    (self.saved, self.pool) = (saved, pool)
    self.reader = try reader ?? saved.imageReader()
    model = saved.model.averaged(over: self.reader)
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
  /// - Parameters:
  ///   - path: the file of the image.
  ///   - top: how many classes to name, or all if there are fewer.
  /// - Throws: `ImageError` if it cannot be read.
  public func classify(_ path: String, top: Int = 5) throws -> Prediction {
    try classify([path], top: top, withLogits: false)[0].get()
  }

  /// Predicts the image in `bytes`, the content of a file, as it comes to a server.
  ///
  /// Any number of threads may call it at a time. They take turns with the classifier's pool; with
  /// `WorkerPool(threads: 1)` each works by itself, which serves many callers best.
  ///
  /// - Parameters:
  ///   - bytes: a PNG, JPEG or WebP.
  ///   - name: what the prediction and errors call it.
  ///   - top: how many classes to name.
  /// - Throws: `ImageError` if it cannot be read, `TrainingError` for a classifier of clips or of
  ///   several views, which reads files.
  public func classify(
    _ bytes: [UInt8], name: String = "image", top: Int = 5
  ) throws -> Prediction {
    guard let reader = reader as? ImageReader else {
      throw TrainingError("\(name): this classifier reads files by a \(type(of: reader)), no bytes")
    }
    let image = try reader.tensor(of: bytes, name: name)
    let logits = model.logits(of: image.reshaped(Shape([1] + image.shape.sizes)), frozen, on: pool)
    return try prediction(name, logits.elements, top: top, withLogits: false)
  }

  /// Predicts each image, in order; an image that cannot be read has an error in its place.
  ///
  /// - Parameters:
  ///   - paths: the files.
  ///   - top: how many classes to name, or all if there are fewer.
  ///   - withLogits: whether predictions have the logits.
  ///   - noting: takes what is wrong with files of which all pixels are known.
  public func classify(
    _ paths: [String], top: Int, withLogits: Bool, noting: (any Error) -> Void = { _ in }
  ) -> [Result<Prediction, any Error>] {
    let read = pool.map(paths) { path in
      var note: (any Error)?
      let image = Result { try numbers(of: path) { note = $0 } }
      return (image: image, note: note)
    }
    read.compactMap(\.note).forEach(noting)
    let images = read.map(\.image)
    let good = images.compactMap { try? $0.get() }
    let logits = good.isEmpty ? nil : model.logits(of: .concatenated(good, 0), frozen, on: pool)
    var row = 0
    return zip(paths, images).map { path, image in
      Result {
        _ = try image.get()
        defer { row += 1 }
        let values = logits?.sliced(0, row..<row + 1).elements ?? []
        return try prediction(path, values, top: top, withLogits: withLogits)
      }
    }
  }

  /// What the model takes of a file: [1] + the shape of an example.
  private func numbers(of path: String, noting: (any Error) -> Void) throws -> Tensor {
    let example = Example(path: path, label: 0, index: 0)
    var numbers = Tensor(unsafeUninitialized: Shape([1] + reader.shape.sizes))
    try numbers.withUnsafeMutableBufferPointer {
      try reader.read(
        ExampleRequest(example, random: Random(seed: 0)), at: 0, of: 1, into: $0, noting: noting)
    }
    return numbers
  }

  private func prediction(
    _ path: String, _ logits: [Float], top: Int, withLogits: Bool
  ) throws(ImageError) -> Prediction {
    guard logits.allSatisfy(\.isFinite) else {
      throw ImageError(path: path, reason: "the model's logits for it are not all finite")
    }
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

extension Model {
  /// The model itself, or its average over the views that a reader gives of each example.
  package func averaged(over reader: any ExampleReader) -> any Model {
    reader.shape.rank > input.rank ? AveragedViews(self, views: reader.shape[0]) : self
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
    return try frameReader()
  }

  /// The same of the frames of a model of clips.
  package func frameReader() throws -> ImageReader {
    let own = try normalization.map { try Normalization(mean: $0.mean, std: $0.std) }
    return ImageReader(
      transform: evaluationTransform(cropRatio: nil),
      normalization: try own ?? .imageNet(channels: model.input[-3]))
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
