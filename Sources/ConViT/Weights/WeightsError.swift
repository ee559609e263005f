import Files

/// Why a weights file is not the weights of a model.
public struct WeightsError: PathError {
  package let path, reason: String

  package init(path: String, reason: String) { (self.path, self.reason) = (path, reason) }
}
