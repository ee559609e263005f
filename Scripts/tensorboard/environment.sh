#!/usr/bin/env bash
# TensorBoard in .venv-tensorboard, for check.py and Tests/TrainingTests/Fixtures/make_tensorboard.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [[ ! -x .venv-tensorboard/bin/python ]]; then
  python3 -m venv .venv-tensorboard
fi
.venv-tensorboard/bin/python -c 'import tensorboard' 2>/dev/null ||
  .venv-tensorboard/bin/pip install --quiet \
    tensorboard==2.21.0 protobuf==7.36.2 'setuptools<81'
