// A server on HTTP: `curl --data-binary @boot.png localhost:8080/classify` answers in JSON. The
// weights are read once; any number of requests share them. What is wrong with a request is said.
import Autodiff
import ConViT
import Hummingbird
import Training

extension Prediction: @retroactive ResponseEncodable {}

guard CommandLine.arguments.count == 3, let port = Int(CommandLine.arguments[2]) else {
  fatalError("usage: HTTPServer WEIGHTS PORT")
}
// One thread: requests run side by side, each on the thread that it came on.
let classifier = try ImageClassifier(
  SavedModel(contentsOf: CommandLine.arguments[1]), pool: WorkerPool(threads: 1))

let router = Router()
router.post("classify") { request, _ -> Prediction in
  let body = try await request.body.collect(upTo: 1 << 20)  // larger ones are answered with 413
  do {
    return try classifier.classify(Array(body.readableBytesView), name: "the image")
  } catch {
    throw HTTPError(.unprocessableContent, message: "\(error)")
  }
}
let application = Application(
  router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)))
try await application.runService()
