#!/usr/bin/env bash
# Writes the documentation of all libraries, made by DocC, as a static site into .build/docs, where
# `python3 -m http.server --directory .build/docs` shows it. A warning is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

targets=()
for catalog in Sources/*/*.docc; do
  targets+=(--target "$(basename "$catalog" .docc)")
done
rm -rf .build/docs
CONVIT_DOCS=1 swift package --scratch-path .build/documentation \
  --allow-writing-to-directory .build/docs generate-documentation "${targets[@]}" \
  --enable-experimental-combined-documentation --transform-for-static-hosting \
  --warnings-as-errors --output-path .build/docs
echo "docs: .build/docs"
