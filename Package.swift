// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "convit",
  products: [
    .library(name: "Autodiff", targets: ["Autodiff"]),
    .library(name: "Safetensors", targets: ["Safetensors"]),
    .library(name: "PyTorchFiles", targets: ["PyTorchFiles"]),
    .library(name: "ConViT", targets: ["ConViT"]),
    .library(name: "Images", targets: ["Images"]),
    .library(name: "Locality", targets: ["Locality"]),
    .library(name: "Symmetry", targets: ["Symmetry"]),
    .library(name: "Probing", targets: ["Probing"]),
    .library(name: "Scores", targets: ["Scores"]),
    .library(name: "Pruning", targets: ["Pruning"]),
    .library(name: "Tickets", targets: ["Tickets"]),
    .library(name: "Training", targets: ["Training"]),
    .library(name: "Recipes", targets: ["Recipes"]),
    .library(name: "ONNXExport", targets: ["ONNXExport"]),
    .library(name: "MPIRanks", targets: ["MPIRanks"]),
    .executable(name: "convit", targets: ["CLI"]),
  ],
  traits: [
    .trait(
      name: "MPI",
      description: "Training by several processes, by Open MPI or MPICH (libopenmpi-dev)")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CBLAS", pkgConfig: "blas", providers: [.apt(["libopenblas-dev"])]),
    .target(name: "CKernels"),
    .target(name: "Files"),
    // Not called Numerics, as a target of swift-numerics is: no two in a graph may share a name.
    .target(name: "DoubleNumerics"),
    .target(name: "Autodiff", dependencies: ["CKernels", "CBLAS", "Files"]),
    .target(name: "Safetensors", dependencies: ["Files"]),
    .target(name: "PyTorchFiles", dependencies: ["Files", "Safetensors"]),
    .target(name: "ConViT", dependencies: ["Autodiff", "Files", "PyTorchFiles", "Safetensors"]),
    // Optional: without the library a build does not read WebP, and says so.
    .systemLibrary(name: "CWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"])]),
    .target(
      name: "CImage", dependencies: ["CWebP"],
      linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg"), .linkedLibrary("z")]),
    .target(name: "Images", dependencies: ["Autodiff", "CImage", "CKernels", "Files"]),
    .target(
      name: "Training",
      dependencies: ["ConViT", "DoubleNumerics", "Files", "Images", "Safetensors"]),
    .target(
      name: "Locality",
      dependencies: ["ConViT", "DoubleNumerics", "Images", "CKernels", "Files"]),
    .target(name: "Symmetry", dependencies: ["Autodiff", "ConViT", "DoubleNumerics"]),
    .target(name: "Probing", dependencies: ["ConViT", "DoubleNumerics", "Training"]),
    .target(name: "Scores", dependencies: ["Autodiff", "ConViT", "DoubleNumerics"]),
    .target(name: "Pruning", dependencies: ["Autodiff", "ConViT", "DoubleNumerics", "Files"]),
    .target(
      name: "Tickets", dependencies: ["Autodiff", "ConViT", "Pruning", "Scores", "Training"]),
    .target(
      name: "ONNXExport",
      dependencies: [
        "Autodiff", "ConViT", "Files", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["Protobuf/onnx.proto"]),
    .target(
      name: "TensorBoard",
      dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["Protobuf/event.proto"]),
    .target(name: "Runs", dependencies: ["Files", "Locality", "TensorBoard"]),
    .target(
      name: "Recipes",
      dependencies: [
        "ConViT", "DoubleNumerics", "Files", "Images", "Locality", "Pruning", "Runs", "Safetensors",
        "Scores", "Symmetry", "Tickets", "Training", .product(name: "Yams", package: "Yams"),
      ]),
    .target(
      name: "Report",
      dependencies: [
        "DoubleNumerics", "Files", "Locality", "Images", "Pruning", "Runs", "Symmetry",
      ],
      resources: [
        .embedInCode("Page/shell.html"), .embedInCode("Page/page.html"),
        .embedInCode("Page/style.css"),
        .embedInCode("Page/base.js"), .embedInCode("Page/axis.js"), .embedInCode("Page/chart.js"),
        .embedInCode("Page/tools.js"),
        .embedInCode("Page/training.js"), .embedInCode("Page/locality.js"),
        .embedInCode("Page/scale.js"), .embedInCode("Page/maps.js"),
        .embedInCode("Page/symmetry.js"), .embedInCode("Page/motions.js"),
        .embedInCode("Page/evaluation.html"), .embedInCode("Page/evaluation.js"),
        .embedInCode("Page/search.html"), .embedInCode("Page/search.js"),
        .embedInCode("Page/scatter.js"),
        .embedInCode("Page/pruning.html"), .embedInCode("Page/pruning.js"),
        .embedInCode("Page/grid.html"), .embedInCode("Page/grid.js"),
        .embedInCode("Page/tickets.html"), .embedInCode("Page/tickets.js"),
        .embedInCode("Page/video.html"), .embedInCode("Page/video.js"),
      ]),
    // Only the trait MPI looks at an MPI library: without it these are empty.
    .systemLibrary(name: "CMPILibrary", pkgConfig: "mpi", providers: [.apt(["libopenmpi-dev"])]),
    .target(
      name: "CMPI", dependencies: [.target(name: "CMPILibrary", condition: .when(traits: ["MPI"]))],
      cSettings: [.define("CONVIT_MPI", .when(traits: ["MPI"]))]),
    .target(
      name: "MPIRanks",
      dependencies: ["Autodiff", .target(name: "CMPI", condition: .when(traits: ["MPI"]))]),
    .target(name: "CTransfer", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(name: "Fetching", dependencies: ["CTransfer", "Files"]),
    .executableTarget(
      name: "CLI",
      dependencies: [
        "Fetching", "Files", "MPIRanks", "ONNXExport", "Probing", "Pruning", "Recipes", "Training",
        "Locality",
        "Report",
        "Runs", "Scores", "Symmetry", "Tickets",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .testTarget(name: "FilesTests", dependencies: ["Files"]),
    .testTarget(
      name: "DoubleNumericsTests", dependencies: ["DoubleNumerics"],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "AutodiffTests", dependencies: ["Autodiff", "CKernels"]),
    .testTarget(
      name: "SafetensorsTests", dependencies: ["Files", "Safetensors"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "PyTorchFilesTests", dependencies: ["Files", "PyTorchFiles", "Safetensors"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "ConViTTests", dependencies: ["ConViT", "Safetensors"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "ImagesTests", dependencies: ["Images"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Recipes", "Training", "Autodiff", "ConViT", "Files", "Images", "Pruning", "Runs",
        "Safetensors", "TensorBoard", "Tickets",
      ],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "LocalityTests", dependencies: ["Locality", "ConViT", "Safetensors"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "SymmetryTests",
      dependencies: ["Autodiff", "ConViT", "DoubleNumerics", "Safetensors", "Symmetry"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "ProbingTests", dependencies: ["Autodiff", "ConViT", "Probing", "Training"]),
    .testTarget(
      name: "ScoresTests", dependencies: ["Autodiff", "ConViT", "DoubleNumerics", "Scores"]),
    .testTarget(
      name: "PruningTests",
      dependencies: ["Autodiff", "ConViT", "DoubleNumerics", "Pruning", "Safetensors"]),
    .testTarget(
      name: "TicketsTests",
      dependencies: ["Autodiff", "ConViT", "Pruning", "Tickets", "Training"]),
    .testTarget(
      name: "ReportTests",
      dependencies: [
        "Files", "Report", "Locality", "ConViT", "Images", "Autodiff", "Pruning", "Symmetry",
      ]),
    .testTarget(
      name: "ONNXExportTests",
      dependencies: [
        "Autodiff", "ConViT", "ONNXExport",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]),
    .target(name: "LoopbackServer", path: "Tests/LoopbackServer"),
    .testTarget(
      name: "FetchingTests",
      dependencies: ["Autodiff", "ConViT", "Fetching", "Files", "LoopbackServer"]),
    .testTarget(
      name: "CLITests",
      dependencies: ["CLI", "Fetching", "LoopbackServer", "Pruning", "Recipes", "Training"]),
  ]
)

// `Fuzz/run.sh` builds it, with flags of its own; it sees what is `package`.
if Context.environment["CONVIT_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "Autodiff", "ConViT", "Images", "PyTorchFiles", "Recipes", "Safetensors", "Training",
      ],
      path: "Fuzz/Sources"))
}

// `make vit-bench` builds it.
if Context.environment["CONVIT_VIT_BENCH"] != nil {
  package.targets.append(
    .executableTarget(
      name: "VitBench",
      dependencies: ["Autodiff", "ConViT", "DoubleNumerics", "Images", "Locality", "Scores"],
      path: "Benchmarks/VitBench"))
}

// `make docs` needs the plugin; a build does not.
if Context.environment["CONVIT_DOCS"] != nil {
  package.dependencies.append(
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
