#!/usr/bin/env bash
# Tests/Kernels, the tests of the C kernels that need no Swift: for aarch64 under qemu, on a
# processor that has bf16 and on one that has not, and natively under AddressSanitizer and UBSan, at
# every level. AddressSanitizer does not see what AMX reads and writes; the other build has pages
# around each buffer that nothing may touch. (UBSan keeps loops from vector registers, so it has a
# build of its own.)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
built=$root/.build/kernels

# Makes the program $built/$1 with the flags that follow.
build() {
  local objects=$built/$1.objects program=$built/$1 part
  shift
  set -- -Wno-unused-command-line-argument "$@"  # compiling does not link, nor linking compile
  rm -rf "$objects"
  for part in Sources/CKernels Tests/Kernels; do
    mkdir -p "$objects/$part"
    (
      cd "$objects/$part"
      printf '%s\0' "$root/$part"/*.c | xargs -0 -n 1 -P "$(nproc)" \
        clang -c -g -Wall -Wextra -Wno-unused-parameter -Wno-pass-failed \
        -I"$root/Sources/CKernels/include" "$@"
    )
  done
  clang "$@" "$objects"/*/*/*.o -lm -o "$program"
}

# Natively, at a level or the highest; a level that the processor has not is passed over (status 3).
native() {
  echo "-- native, $1${2:+, $2}"
  CONVIT_LEVEL=${2:-} "$built/$1" || (($? == 3))
}

# For an aarch64 of this name, which must have these products.
arm() {
  echo "-- aarch64, $1"
  CONVIT_LEVEL=neon "$qemu" -cpu "$1" "$built/aarch64" "$2"
}

qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64)
build aarch64 --target=aarch64-linux-gnu -static -fuse-ld=lld -O2
arm max "NEON BF16, NEON"
arm cortex-a53 "NEON"

# Calls instead of code in place compile several times as fast.
build address -fsanitize=address -mllvm -asan-instrumentation-with-call-threshold=0 \
  -fuse-ld=lld -O2
# Bounds are AddressSanitizer's: affine.c goes through rows of four as one row on purpose.
build undefined -fsanitize=undefined -fno-sanitize=bounds -fno-sanitize-recover=undefined \
  -fuse-ld=lld -O1
for level in "" x86-64-v3 baseline; do
  native address "$level"
  native undefined "$level"
done
