#!/usr/bin/env bash
# Writes each Swift sample of README.md, docs/ and the DocC catalogs that begins with its imports into a file of its own in the
# folder named by the first argument, as the body of a function, so that `make consumer` compiles what readers copy. A program
# there runs those of the catalogs, which need no files. Fails if there is none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

awk -v folder="$1" '
  /^```swift$/ { lines = imports = ""; inside = 1; next }
  /^```$/ && inside {
    inside = 0
    if (imports == "") next
    name = "sample" ++count
    printf "// %s\n%s\nfunc %s() throws {\n%s}\n", FILENAME, imports, name, lines > (folder "/" name ".swift")
    if (FILENAME ~ /docc/) printf "print(\"== %s\")\ntry %s()\n", FILENAME, name > (folder "/main.swift")
    next
  }
  inside && /^import / { imports = imports $0 "\n"; next }
  inside { lines = lines "  " $0 "\n" }
  END { print "samples: " count + 0; exit count == 0 }
' README.md docs/*.md Sources/*/*.docc/*.md
