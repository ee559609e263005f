#!/usr/bin/env bash
# Closed forms of the gap of linear models against fits: at most 3 % apart for invariant models, and
# 4 % for equivariant ones.
#
#   make symmetry
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
convit=.build/release/convit

echo "      n  closed form  fits                  ratio"
check() {  # bar, flags…
  local bar=$1 row
  shift
  row=$("$convit" linear-gap "$@" --sigma 1.3 --noise 0.7 | tail -n 1)
  echo "$row   ${*:1:6}"
  awk -v bar="$bar" '$NF < 1 - bar || $NF > 1 + bar { exit 1 }' <<<"$row"
}

for n in 4 16 32; do check 0.03 --d 8 --group cyclic:8 --n $n --monte-carlo 40000; done
for n in 8 32 64; do check 0.03 --d 16 --group c4 --n $n --monte-carlo 8000; done
for n in 18 72 144; do check 0.03 --d 36 --group d4 --n $n --monte-carlo 4000; done
for n in 2 12 24; do check 0.04 --d 6 --group cyclic:6 --answers regular --n $n --monte-carlo 40000; done
for n in 8 32 64; do check 0.04 --d 16 --group c4 --answers same --n $n --monte-carlo 4000; done
for n in 8 40; do check 0.04 --d 16 --group d4 --answers half --n $n --monte-carlo 4000; done
