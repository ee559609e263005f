#!/usr/bin/env bash
# From nothing to a model of clips and what it looks at: trains a small TimeSformer on moving clothes,
# measures it, asks whether it looks at time, and draws where it looks.
# A finished run is not trained again, unless its config changed or FRESH=1.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

data=data/moving-clothes
run=runs/demo-video
weights=$run/model.safetensors
source Scripts/demo_steps.sh

step "Building"
swift build -c release --product convit

step "Clips"
show $convit dataset moving-clothes --output "$data"

train_once demo-video Configs/moving-clothes.yaml "$data" "$run"

step "Accuracy on the validation clips, which are there with their reverses"
show $convit evaluate --data-path "$data" --weights "$weights"

step "Does it look at time?"
show $convit video audit --data-path "$data" --weights "$weights" --output-dir "$run/audit"

step "Where it looks in one clip"
show $convit attention "$data/val/left/00000.apng" --weights "$weights" --query 2,1,1 \
  --output-dir "$run/attention-left"

step "The curves of the run"
show $convit report "$run"

step "Where everything lies"
cat >&2 <<END
clips     $data/{train,val}/<class>/
weights   $weights
report    $run/report.html (curves of the training)
audit     $run/audit/audit.html (order of frames, distances, maps of four clips)
attention $run/attention-left/attention.svg
command   $convit video audit --help
END
