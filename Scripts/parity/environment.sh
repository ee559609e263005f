#!/bin/sh
# Makes the virtual environment that the parity and fixture scripts run in: .venv at the top of the repository, or the folder
# named by the first argument. PYTHON names the interpreter (3.11 is what the fixtures were made with).
#
# torch comes as PyTorch's CPU build where pip's indexes offer it (PIP_EXTRA_INDEX_URL and PIP_FIND_LINKS are pip's own ways to
# add one), otherwise as the ordinary build of the same version with all that it asks for. Everything else is pinned in
# requirements.txt and installed without dependencies of its own.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
environment=${1:-$here/../../.venv}
[ -x "$environment/bin/python" ] || "${PYTHON:-python3}" -m venv "$environment"

install() { "$environment/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }

install --no-deps torch==2.13.0+cpu || install torch==2.13.0
install --no-deps --requirement "$here/requirements.txt"
(cd "$here" && "$environment/bin/python" -c 'import reference; print("torch", reference.torch.__version__, "timm", reference.timm.__version__)')
