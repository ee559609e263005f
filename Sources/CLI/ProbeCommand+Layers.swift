import ArgumentParser
import Autodiff
import ConViT
import Files
import Foundation
import Images
import Probing
import Recipes
import Safetensors
import Training

/// Which of a layer's tokens is read.
struct ReadingOption: ParsableArguments {
  @Option(
    .name(
      "Which tokens: patches (their mean), or token (the class token). (default: the class token, "
        + "if all blocks have one)"))
  var tokens: LayerFeatures.Reading?
}

extension LayerFeatures.Reading: ExpressibleByArgument {}

struct LinearProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "linear", abstract: "Fit a linear probe to the features of each layer.",
    discussion: """
      Logistic regression from a layer's features to the class, on images of the train split, \
      measured on --split. It is the best one there is, by L-BFGS: scikit-learn's \
      LogisticRegression(C=1 / penalty) on standardised features finds the same. The file \
      linear.safetensors has the weights of each probe, for features as they are.
      """)

  @OptionGroup var options: ProbeOptions
  @OptionGroup var reading: ReadingOption
  @Option(help: .folder("The folder of the images to fit to.")) var fitSplit = "train"
  @Option(help: .name("How many images to fit to, of each class in turn, or all."))
  var fitSample = "5000"
  @Option(help: .number("λ of λ / 2n ‖W‖², above 0.")) var penalty = 1.0

  struct Record: Encodable {
    struct Layer: Encodable {
      let place: String
      let acc1, fitAcc1, slope: Double
      let loss: Double?
      let steps: Int
    }

    let weights, split, fitSplit, tokens: String
    let images, fitImages: Int
    let penalty: Double
    let layers: [Layer]
  }

  func validate() throws {
    _ = try sampleCount(fitSample, "fit-sample")
    guard penalty > 0, penalty.isFinite else {
      throw ValidationError("penalty must be above 0, found \(penalty)")
    }
  }

  func run() throws {
    let saved = try options.model.load()
    let classes = try saved.transformer.configuration.classes
    let pool = options.model.threads.pool()
    let fitted = try options.features(
      of: saved, reading.tokens, on: pool, split: fitSplit, sample: fitSample, "read to fit")
    let held = try options.features(of: saved, reading.tokens, on: pool, "read to measure")
    var (layers, tensors, terminal) = ([Record.Layer](), [OutputTensor](), Terminal())
    for (index, place) in fitted.places.enumerated() {
      let rows = fitted[index]
      let probe = LinearProbe(
        rows, labels: fitted.labels, classes: classes, penalty: penalty, on: pool)
      layers.append(
        Record.Layer(
          place: place, acc1: probe.accuracy(on: held[index], labels: held.labels),
          fitAcc1: probe.accuracy(on: rows, labels: fitted.labels), slope: probe.slope,
          loss: probe.loss.isFinite ? probe.loss : nil, steps: probe.steps))
      for (name, value) in [("weight", probe.weight), ("bias", probe.bias)] {
        tensors.append(
          OutputTensor(name: "\(place).\(name)", shape: value.shape.sizes, data: value.elements))
      }
      terminal.progress("fitted \(index + 1)/\(fitted.places.count)")
    }
    let record = Record(
      weights: options.model.file.weights, split: options.images.split, fitSplit: fitSplit,
      tokens: fitted.reading.rawValue, images: held.labels.count, fitImages: fitted.labels.count,
      penalty: penalty, layers: layers)
    let table =
      [["features", "Acc@1", "fitted", "loss", "steps"]]
      + layers.map {
        [$0.place, decimal($0.acc1), decimal($0.fitAcc1), decimal($0.loss, 4), "\($0.steps)"]
      }
    let csv =
      [["place", "acc1", "fit_acc1", "loss", "slope", "steps"]]
      + layers.map {
        [CSV.cell($0.place), "\($0.acc1)", "\($0.fitAcc1)", CSV.cell($0.loss), "\($0.slope)"]
          + ["\($0.steps)"]
      }
    try options.output.show("linear", record, table: table, csv: csv, tensors)
  }
}

struct CKACommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cka", abstract: "Measure how alike layers see images.",
    discussion: """
      Linear centred kernel alignment between all layers of a model, or between those of two. \
      Estimates are debiased, so that features of chance get about 0 however few the images are; \
      --biased shows the form of Kornblith et al. (2019). The files have both.
      """)

  @OptionGroup var options: ProbeOptions
  @OptionGroup var reading: ReadingOption
  @Option(.file("The weights of another model, whose layers are the columns.")) var other: String?
  @Flag(help: "Show the biased form.") var biased = false

  struct Record: Encodable {
    let weights, split: String
    let other: String?
    let images: Int
    let rows, columns: [String]
    let cka, biased: [[Double?]]
  }

  func validate() throws {
    let count = try sampleCount(options.sample)
    guard count >= 4 else {
      throw ValidationError("cka needs 4 images, and sample is \(count)")
    }
  }

  func run() throws {
    let pool = options.model.threads.pool()
    let rows = try options.features(of: options.model.load(), reading.tokens, on: pool, "read")
    let columns = try other.map { other in
      let saved = try SavedModel.noted(other, model: nil, inputSize: nil, patchSize: nil)
      return try options.features(of: saved, reading.tokens, on: pool, "read again")
    }
    guard rows.labels.count >= 4, columns.map({ $0.labels == rows.labels }) ?? true else {
      throw ValidationError(
        "cka needs the same images for both models, 4 at least: found \(rows.labels.count) and "
          + "\(columns?.labels.count ?? 0)")
    }
    func layers(_ features: LayerFeatures) -> [CentredFeatures] {
      features.places.indices.map { CentredFeatures(features[$0]) }
    }
    let (own, others) = (layers(rows), columns.map(layers))
    let found = own.map { row in (others ?? own).map(row.alignment) }
    // No number where features are the same for all images.
    func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
    let record = Record(
      weights: options.model.file.weights, split: options.images.split, other: other,
      images: rows.labels.count, rows: rows.places, columns: (columns ?? rows).places,
      cka: found.map { $0.map { finite($0.debiased) } },
      biased: found.map { $0.map { finite($0.biased) } })
    let shown = biased ? record.biased : record.cka
    let table =
      [[""] + record.columns.map { $0.replacing("blocks.", with: "") }]
      + zip(record.rows, shown).map { place, values in [place] + values.map { decimal($0) } }
    let csv =
      [["row", "column", "cka", "biased"]]
      + record.rows.indices.flatMap { row in
        record.columns.indices.map { column in
          [CSV.cell(record.rows[row]), CSV.cell(record.columns[column])]
            + [CSV.cell(record.cka[row][column]), CSV.cell(record.biased[row][column])]
        }
      }
    func tensor(_ name: String, _ values: [[Double?]]) -> OutputTensor {
      OutputTensor(
        name: name, shape: [record.rows.count, record.columns.count],
        data: values.flatMap { $0.map { Float($0 ?? .nan) } })
    }
    try options.output.show(
      "cka", record, table: table, csv: csv,
      [tensor("cka", record.cka), tensor("biased", record.biased)])
  }
}
