#!/usr/bin/env bash
# Counts the heap allocations of one steady training step, and of one prediction, at two depths and two batch sizes.
#
#   Benchmarks/allocations.sh [BINARY]
#
# What ten more steps take is divided by ten: start-up and the first steps, which fill the pools, cancel. A library that is loaded
# before the C library's (allocations.c) counts the calls of malloc, calloc, realloc and of the aligned kinds, on all threads. The
# images lie in memory; a step is what `convit bench` calls one: forward, backward, sum of the lanes, norm, AdamW.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

binary=${1:-.build/release/convit}
[[ -x $binary ]] || { echo "allocations: there is no $binary; run make build" >&2; exit 1; }
export SWIFT_DETERMINISTIC_HASHING=1  # else dictionaries of the start-up grow differently from run to run
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O2 -shared -fPIC -o "$work/count.so" Benchmarks/allocations.c

count() {  # depth, mode, batch, warm-up; prints "all large"
  printf 'input-size: 28\npatch-size: 4\nheads: 4\nhead-dim: 16\ndepth: %d\nlocal-up-to-layer: %d\ndrop-path: 0.1\n' \
    "$1" "$(($1 - 2))" >"$work/model.yaml"
  ALLOCATIONS="$work/count" LD_PRELOAD="$work/count.so" "$binary" bench --config "$work/model.yaml" --mode "$2" \
    --batch-size "$3" --threads 2 --warmup "$4" --steps 1 --json >/dev/null 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  cat "$work/count"
}

printf '%-10s %6s %6s %12s %18s\n' step depth batch allocations 'of 4 KiB or more'
for mode in train inference; do
  for depth in 4 12; do
    for batch in 16 64 256; do
      read -r all large < <(count "$depth" "$mode" "$batch" 10)
      read -r all10 large10 < <(count "$depth" "$mode" "$batch" 20)
      awk -v m="$mode" -v d="$depth" -v b="$batch" -v a=$((all10 - all)) -v l=$((large10 - large)) \
        'BEGIN { printf "%-10s %6d %6d %12.1f %18.1f\n", m, d, b, a / 10, l / 10 }'
    done
  done
done
