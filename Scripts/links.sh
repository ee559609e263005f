#!/usr/bin/env bash
# Names each link of the Markdown files that leads to no file here, or to no heading of that file. Asks no network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8

# The anchors that headings of a file get on GitHub.
anchors() {
  sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^[:alnum:] _-]//g; s/ /-/g'
}

failed=0
while IFS=: read -r file line link; do
  target=${link%%#*} anchor=
  [[ $link == *#* ]] && anchor=${link#*#}
  path=${target:+$(dirname "$file")/$target}
  path=${path:-$file}
  if [[ ! -e $path ]]; then
    echo "links: $file:$line leads to $target, which is not there" >&2
    failed=1
  elif [[ -n $anchor ]] && ! anchors "$path" | grep -qxF -- "$anchor"; then
    echo "links: $file:$line leads to #$anchor, which is no heading of $path" >&2
    failed=1
  fi
done < <(
  git ls-files -z --cached --others --exclude-standard -- '*.md' |
    xargs -0 grep -noE '\]\([^)]+\)' /dev/null | sed -E 's/\]\(([^) ]+).*\)$/\1/' | grep -vE ':[0-9]+:(https?|mailto):'
)
exit "$failed"
