#!/usr/bin/env bash
# ONNX, ONNX Runtime and scikit-image's photographs in .venv-onnx, for check.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [[ ! -x .venv-onnx/bin/python ]]; then
  python3 -m venv .venv-onnx
fi
.venv-onnx/bin/python -c 'import onnx, onnxruntime, safetensors, PIL, importlib.util as u; assert u.find_spec("skimage")' 2>/dev/null || {
  .venv-onnx/bin/pip install --quiet --disable-pip-version-check \
    numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 pillow==13.0.0 safetensors==0.8.0
  # Only for the photographs that it ships: none of what it would import.
  .venv-onnx/bin/pip install --quiet --disable-pip-version-check --no-deps scikit-image==0.26.0
}
