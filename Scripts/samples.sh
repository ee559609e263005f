#!/usr/bin/env bash
# Writes each Swift sample of README.md and docs/ that begins with its imports into a file of its own in the folder named by
# the first argument, as the body of a function, so that `make consumer` compiles what readers copy. Fails if there is none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

awk -v folder="$1" '
  /^```swift$/ { lines = imports = ""; inside = 1; next }
  /^```$/ && inside {
    inside = 0
    if (imports == "") next
    name = "sample" ++count
    printf "// %s\n%s\nfunc %s() throws {\n%s}\n", FILENAME, imports, name, lines > (folder "/" name ".swift")
    next
  }
  inside && /^import / { imports = imports $0 "\n"; next }
  inside { lines = lines "  " $0 "\n" }
  END { print "samples: " count + 0; exit count == 0 }
' README.md docs/*.md
