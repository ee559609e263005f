#!/usr/bin/env bash
# Reads every PNG, JPEG, MPO and WebP of a folder and holds it against what Pillow reads from it.
#
#   Scripts/pillow/check.sh FOLDER
#
# The exit code is 1 for a file that Pillow reads and that has other pixels or an error here, unless
# docs/BAD-INPUTS.md lists it under "Images that Pillow reads differently".
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(cd "$1" && pwd)
cd "$here/../.."

environment=.venv-pillow
[[ -x $environment/bin/python ]] || python3 -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --disable-pip-version-check pillow==13.0.0

output=$(mktemp -d)
trap 'rm -rf "$output"' EXIT
"$environment/bin/python" Scripts/pillow/expected.py "$folder" "$output"
swift build --build-tests
PILLOW_EXPECTED=$output/expected.jsonl swift test --skip-build --filter PillowImagesTests
