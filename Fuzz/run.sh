#!/usr/bin/env bash
# Fuzzes with libFuzzer, AddressSanitizer and LeakSanitizer, one target after another.
#
#   Fuzz/run.sh SECONDS [TARGET…]   images, gif, apng, y4m, avi, weights, checkpoints, models, idx,
#                                   configs; all if left out
#
# Inputs that reached new code stay in Fuzz/.build/corpus and are where the next run goes on. What
# crashed, leaked, or took too much time or memory is in Fuzz/.build/found, and the exit code is 1;
# `Fuzz/.build/release/Fuzz TARGET FILE` repeats it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if ! [[ ${1:-} =~ ^[0-9]+$ ]]; then
  echo "usage: Fuzz/run.sh SECONDS [TARGET…]" >&2
  exit 2
fi
seconds=$1
shift
(($#)) || set -- images gif apng y4m avi weights checkpoints models idx configs

./libraries.sh || echo "fuzz: the system's libpng, libjpeg, libwebp and zlib are not instrumented" >&2
export PKG_CONFIG_PATH=$PWD/.build/libraries
CONVIT_FUZZ=1 swift build --package-path .. --scratch-path .build --product Fuzz -c release \
  --sanitize=address -Xswiftc -sanitize=fuzzer \
  -Xcc -fsanitize=fuzzer-no-link -Xswiftc -use-ld=lld -Xlinker -L"$PWD/.build/libraries" >&2
fuzz=$PWD/.build/release/Fuzz
fixtures=$PWD/../Tests

mkdir -p .build/{found,logs}
# Swift's own report of a crash would come before libFuzzer's, and does not work under ASan.
export SWIFT_BACKTRACE=enable=no
failed=0
for target; do
  corpus=.build/corpus/$target
  seeds=.build/seeds/$target
  mkdir -p "$corpus" "$seeds"
  "$fuzz" "$target" seeds "$seeds"
  limit=4096
  folders=("$seeds")
  case $target in
    images)
      folders+=("$fixtures/ImagesTests/Fixtures"/{decode,parts})
      limit=65536
      ;;
    gif | apng | y4m | avi)
      cp "$fixtures/ImagesTests/Fixtures/clips/"*."${target/apng/png}" "$seeds"
      limit=16384
      ;;
    weights)
      folders+=("$fixtures/SafetensorsTests/Fixtures")
      limit=65536
      ;;
    checkpoints)
      folders+=("$fixtures/PyTorchFilesTests/Fixtures")
      limit=16384
      ;;
    configs) folders+=("$PWD/../Configs") ;;
  esac
  log=.build/logs/$target.log
  status=0
  "$fuzz" "$target" -max_total_time="$seconds" -max_len="$limit" -timeout=10 \
    -rss_limit_mb=1024 -malloc_limit_mb=256 -dict="dictionaries/$target.dict" \
    -artifact_prefix=".build/found/$target-" -print_final_stats=1 "$corpus" "${folders[@]}" \
    >"$log" 2>&1 </dev/null || status=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
  coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1 || true)
  result="nothing found"
  if ((status)); then
    failed=1
    result="FAILED ($(grep -o 'Test unit written to .*' "$log" | tail -n 1 || echo "see $log"))"
  fi
  echo "$target: ${runs:-no} runs, ${coverage#cov: } edges, $result"
done
exit "$failed"
