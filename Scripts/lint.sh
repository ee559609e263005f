#!/usr/bin/env bash
# What a machine can check of the rules in CONTRIBUTING.md. Changes nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8  # columns are characters, not bytes

max_lines=300
max_columns=100
failed=0

complain() {
  echo "lint: $*" >&2
  failed=1
}

mapfile -t sources < <(
  find Package.swift Sources Tests Examples Benchmarks Fuzz -name '.?*' -prune -o \
    -type f ! -name '*.pb.swift' \( -name '*.swift' -o -name '*.c' -o -name '*.h' \) -print 2>/dev/null | sort
)
mapfile -t scripts < <(echo .ci/run; find Scripts Benchmarks Fuzz -name '.?*' -prune -o -name '*.sh' -print | sort)

swift_sources=()
for file in "${sources[@]}"; do
  if [[ $file == *.swift ]]; then swift_sources+=("$file"); fi
done
swift format lint --strict --parallel "${swift_sources[@]}" || failed=1

for file in "${sources[@]}"; do
  lines=$(wc -l <"$file")
  ((lines <= max_lines)) || complain "$file has $lines lines, at most $max_lines are allowed"
done
if grep -nHE "^.{$((max_columns + 1)),}" "${sources[@]}" >&2; then
  complain "the lines above are longer than $max_columns columns"
fi
if grep -nHE '[[:space:]]+$' "${sources[@]}" "${scripts[@]}" Makefile >&2; then
  complain "the lines above end in white space"
fi
python3 Scripts/findings/findings.py --check >&2 || complain "make findings has not been run"
if grep -n 'unsafeFlags' Package.swift >&2; then
  complain "a package with unsafe flags cannot be depended on by version"
fi

Scripts/links.sh || failed=1

# Words of code and names that the spelling checker takes for others, misspelled.
words=inout,framei,wee,positionof,upto,hass,dout,trian,nd
if command -v codespell >/dev/null; then
  git ls-files -z --cached --others --exclude-standard -- '*.md' '*.swift' '*.c' '*.h' '*.sh' '*.py' '*.yaml' '*.js' '*.css' Makefile |
    grep -zvE 'Fixtures|\.pb\.swift' | xargs -0 codespell --ignore-words-list "$words" || failed=1
else
  echo "lint: codespell is not installed; the spelling was not checked" >&2
fi

if command -v shellcheck >/dev/null; then
  shellcheck "${scripts[@]}" || failed=1
else
  echo "lint: shellcheck is not installed; the shell scripts were not checked" >&2
fi

((failed)) || echo "lint: ${#sources[@]} source files and ${#scripts[@]} scripts are clean"
exit "$failed"
