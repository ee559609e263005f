#!/usr/bin/env bash
# From nothing to predictions: trains a small ConViT on Fashion-MNIST, measures it, uses it.
# A finished run is not trained again, unless its config changed or FRESH=1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

data=data/fashion-mnist
run=runs/demo
weights=$run/model.safetensors
source Scripts/demo_steps.sh

step "Building"
swift build -c release --product convit

step "Images"
show $convit dataset fashion-mnist --output "$data"

train_once demo Configs/fashion-demo.yaml "$data" "$run"

step "Accuracy on the validation images"
show $convit evaluate --data-path "$data" --weights "$weights"

step "Predictions: the first image of each of four classes"
images=()
for class in "$data"/val/*/; do
  files=("$class"*)
  images+=("${files[0]}")
done
show $convit predict --weights "$weights" "${images[@]:0:4}"

step "Where its heads look"
show $convit report "$run"

step "Where everything lies"
cat >&2 <<END
images    $data/{train,val}/<class>/
weights   $weights
log       $run/log.jsonl
report    $run/report.html (curves, tables by layer and head, attention maps)
command   $convit --help
END
