#!/usr/bin/env bash
# Depends on this package as anyone else would: by URL and version, from a package of its own.
# Builds Examples against the last commit (not the uncommitted changes) and runs each.
# The HTTP server answers REQUESTS requests (1,000), a tenth of them malformed.
# `convit` must bring in neither the image libraries nor unsafe flags, which SwiftPM refuses.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=1000.0.0  # above every released version
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The checkout may belong to another user, as in a container, and may be shallow.
here() { git -c safe.directory='*' "$@"; }
if [[ -n $(here status --porcelain) ]]; then
  echo "consumer: uncommitted changes are not part of this check" >&2
fi

# SwiftPM takes the identity of a package from the last part of its URL.
url=$work/convit
there() { git -C "$url" -c user.name=consumer -c user.email=consumer@localhost "$@"; }
git init --quiet "$url"
here archive HEAD | tar -x -C "$url"
there add --all --force
there -c commit.gpgSign=false commit --quiet --no-verify --message "$version"
there -c tag.gpgSign=false tag "$version"

package=$work/examples
cp -r Examples "$package"
mkdir "$package/Sources/Samples"
Scripts/samples.sh "$package/Sources/Samples"
sed "s|@URL@|$url|; s|@VERSION@|$version|" "$package/Package.swift.in" >"$package/Package.swift"

swift build -c release --package-path "$package"
bin=$(swift build -c release --package-path "$package" --show-bin-path)
"$bin/Consumer"
"$bin/Server"
"$bin/Finetune" Examples/Weights/vit_small_timm.safetensors
"$bin/OwnModel" "$work"
"$bin/OwnAttention"
"$bin/Segmentation"
"$bin/TwoModels"
(cd "$work" && "$bin/Samples" >samples.txt) || { cat "$work/samples.txt" >&2; exit 1; }
python3 Scripts/serve_check.py "$bin/HTTPServer" Weights/fashion.safetensors \
  Tests/ImagesTests/Fixtures/parts/{cmyk,gray,exif-[2-8]}.jpg --requests "${REQUESTS:-1000}"

libraries=$(ldd "$bin/Consumer")
# Yams and SwiftProtobuf are in a program itself, where they are.
symbols=$(nm "$bin/Consumer")
if grep -E 'libpng|libjpeg|libwebp' <<<"$libraries" >&2 ||
  grep -m 3 -E 'yaml_parser|13SwiftProtobuf|4Yams' <<<"$symbols" >&2; then
  echo "consumer: a program that imports only ConViT links what is above" >&2
  exit 1
fi
echo "consumer: built by version $version, without image libraries, YAML and protobuf"
