// What a server does: one model in memory, and callers from any thread, each with an image.
import Autodiff
import ConViT

let model = try VisionTransformer(.preset(of: "convit_tiny"))
let predictor = Predictor(model, ParameterStore(model, seed: 0))
let image = (0..<model.input.elementCount).map { Float($0 % 255) / 255 - 0.5 }
let expected = try predictor.logits(image)

func imagesPerSecond(callers: Int, each: Int) async throws -> Double {
  let start = ContinuousClock.now
  try await withThrowingTaskGroup { group in
    for _ in 0..<callers {
      group.addTask {
        for _ in 0..<each where try predictor.logits(image) != expected {
          fatalError("a caller got other bits")
        }
      }
    }
    try await group.waitForAll()
  }
  return Double(callers * each) / ((ContinuousClock.now - start) / .seconds(1))
}

let one = try await imagesPerSecond(callers: 1, each: 48)
let many = try await imagesPerSecond(callers: 16, each: 6)
print("Server: 1 caller \(one) images/s, 16 callers \(many) images/s, the same bits for all")
do {
  _ = try predictor.logits([1, 2, 3])
} catch {
  print("Server: a bad request is an error: \(error)")
}
