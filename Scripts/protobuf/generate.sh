#!/usr/bin/env bash
# Makes the Swift code of the protocol buffers again, *.pb.swift beside each .proto of Sources.
#
# onnx.proto is that of the PyPI package onnx 1.23.2 (Apache-2.0), unchanged. protoc comes from the
# PyPI package grpcio-tools, the plugin for Swift is built of the version of swift-protobuf that
# Package.resolved has, outside of this package's build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [[ ! -x .venv-protobuf/bin/python ]]; then
  python3 -m venv .venv-protobuf
  .venv-protobuf/bin/pip install --quiet --disable-pip-version-check grpcio-tools==1.85.1
fi
swift package resolve
swift build --package-path .build/checkouts/swift-protobuf --scratch-path .build/protobuf \
  --product protoc-gen-swift
plugin=$(swift build --package-path .build/checkouts/swift-protobuf \
  --scratch-path .build/protobuf --show-bin-path)/protoc-gen-swift

find Sources -name '*.proto' | while read -r file; do
  folder=$(dirname "$file")
  .venv-protobuf/bin/python -m grpc_tools.protoc --plugin="protoc-gen-swift=$plugin" \
    --swift_out="$folder" --swift_opt=Visibility=Internal -I "$folder" "$file"
done
