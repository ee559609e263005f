#!/usr/bin/env bash
# Writes Fashion-MNIST as the image folder data/fashion-mnist, unless it is there already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

data=data/fashion-mnist
images() { find "$data/$1" -type f 2>/dev/null | wc -l; }

if (($(images train) == 60000 && $(images val) == 10000)); then
  echo "$data is complete" >&2
else
  .build/release/convit dataset fashion-mnist --output "$data"
fi
