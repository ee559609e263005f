// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that the fuzzer's flags are nowhere in the one that others depend on.
let package = Package(
  name: "Fuzz",
  dependencies: [.package(name: "convit", path: "..")],
  targets: [
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        .product(name: "Autodiff", package: "convit"),
        .product(name: "ConViT", package: "convit"),
        .product(name: "Images", package: "convit"),
        .product(name: "Safetensors", package: "convit"),
        .product(name: "Training", package: "convit"),
      ])
  ]
)
