import Foundation

/// The logs of a run whose numbers do not matter.
struct HandWrittenRun {
  let folder: String
  var epochs = 3
  /// Of each layer: gpsa, psa or mhsa.
  var kinds = ["gpsa", "mhsa"]
  var heads = 2
  /// The losses and the accuracy after an epoch.
  var numbers: (Int) -> (loss: Double, accuracy: Double) = { (2 / Double($0 + 1), 10) }

  func write() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let log = (0..<epochs).map { epoch in
      let (loss, accuracy) = numbers(epoch)
      return "{\"epoch\":\(epoch),\"train_loss\":\(loss),\"test_loss\":\(loss),"
        + "\"test_acc1\":\(accuracy)}\n"
    }
    try log.joined().write(toFile: folder + "/log.jsonl", atomically: true, encoding: .utf8)
    func each(_ value: String) -> String {
      "[\(Array(repeating: value, count: heads).joined(separator: ","))]"
    }
    let layers = kinds.enumerated().map { layer, kind in
      let gate = kind == "gpsa" ? ",\"gate\":\(each("0.7"))" : ""
      return "{\"layer\":\(layer),\"kind\":\"\(kind)\",\"nonlocality\":\(each("\(layer + 1)")),"
        + "\"nonlocality_sd\":\(each("0")),\"distance_px\":\(each("4")),\"entropy\":\(each("1")),"
        + "\"center\":\(each("[0,0]")),\"width\":\(each("1")),\"similarity\":\(each(each("1")))"
        + "\(gate)}"
    }
    let surveys = (0...epochs).map { epoch in
      "{\"epochs\":\(epoch),\"report\":{\"images\":4,\"grid\":[3,3],\"patch_size\":4,"
        + "\"uniform_nonlocality\":1.5,\"layers\":[\(layers.joined(separator: ","))]}}\n"
    }
    try surveys.joined().write(
      toFile: folder + "/locality.jsonl", atomically: true, encoding: .utf8)
  }
}
