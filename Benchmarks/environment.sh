#!/usr/bin/env bash
# Makes the virtual environment that the peers run in: .venv-bench at the top of the repository, or the folder named by the first
# argument. PYTHON names the interpreter (3.11 or newer). When it is there already and of these versions, nothing is installed.
#
# torch comes as PyTorch's CPU build where pip's indexes offer it (PIP_EXTRA_INDEX_URL and PIP_FIND_LINKS are pip's own ways to
# add one), otherwise as the ordinary build of the same version with all that it asks for.
set -euo pipefail

torch=2.13.0
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
environment=${1:-$here/../.venv-bench}
python=$environment/bin/python
stamp=$environment/installed

wanted=$(echo "torch==$torch"; cat "$here/requirements.txt")
if [[ -x $python && -f $stamp && $(<"$stamp") == "$wanted" ]]; then exit 0; fi

install() { "$python" -m pip install --quiet --disable-pip-version-check "$@"; }

[[ -x $python ]] || "${PYTHON:-python3}" -m venv "$environment"
install --no-deps "torch==$torch+cpu" || install "torch==$torch"
install --no-deps --requirement "$here/requirements.txt"
command -v g++ >/dev/null || echo "environment: there is no g++, which torch.compile needs; apt-get install g++" >&2

# Also the first import, which compiles Python's files.
"$python" - "$here" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
import measure, jax, onnx, onnxruntime, openvino
print("torch", measure.import_timm()[0].__version__, "timm", measure.import_timm()[1].__version__, "jax", jax.__version__)
print("onnxruntime", onnxruntime.__version__, "openvino", openvino.__version__)
END
echo "$wanted" >"$stamp"
