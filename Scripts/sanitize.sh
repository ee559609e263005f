#!/usr/bin/env bash
# Builds and runs all tests under a sanitizer, which ends a test with a report where it finds
# something: Scripts/sanitize.sh address, or thread. What follows goes to `swift test`, such as
# --filter Suite. Each has a build of its own in .build; it takes far longer than `make test`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case ${1:-} in
  address | thread) sanitizer=$1 && shift ;;
  *) echo "usage: Scripts/sanitize.sh address|thread [flags of swift test]" >&2 && exit 2 ;;
esac
flags=(-c release -Xswiftc -Onone -Xswiftc -enable-testing --sanitize="$sanitizer"
  --scratch-path ".build/$sanitizer")
[[ $sanitizer == address ]] || flags+=(-Xswiftc -DCONVIT_THREAD_SANITIZER)  # a Mutex that it knows
# Swift's own report of a crash would come before the sanitizer's.
export SWIFT_BACKTRACE=enable=no
export LSAN_OPTIONS="suppressions=$PWD/Scripts/leaks.txt:print_suppressions=0"
export CONVIT_SANITIZER=$sanitizer  # a test that limits memory is left out: sanitizers take a lot
swift build --build-tests "${flags[@]}"
swift test --skip-build --disable-xctest "${flags[@]}" "$@"
