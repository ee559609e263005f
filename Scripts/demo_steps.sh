#!/usr/bin/env bash
# What demonstrations have in common; sourced by them.
convit=.build/release/convit

step() { printf '\n== %s\n' "$*" >&2; }
show() { (set -x; "$@"); }

# train_once TARGET CONFIG DATA RUN: trains a run, unless it is finished and of the same config;
# `make TARGET` is how the demonstration is called.
train_once() {
  local target=$1 config=$2 data=$3 run=$4
  local finished=$run/.finished  # a copy of the config that this run was trained to the end with
  if [[ ${FRESH:-} != 1 && -s $run/model.safetensors ]] && cmp -s "$config" "$finished"; then
    step "Training: $run is finished (make $target FRESH=1 trains it again)"
  else
    step "Training"
    rm -rf "$run"
    show $convit train --config "$config" --data-path "$data" --output-dir "$run"
    cp "$config" "$finished"
  fi
}
