#!/usr/bin/env python3
"""Accuracy of pruned models after two epochs of training with their zeros kept, by sparsity.

    make pruning-retrained      # DATA=data/fashion-mnist CSV=docs/experiments/pruning-retrained.csv

A line for each model, method, scope, sparsity and seed; what the file has already is not done again,
so that it can be stopped at any time. Magnitude pruning has one seed. Models are trained by
Configs/fashion.yaml at a quarter of its rate, on a share of the images that is drawn class by class.
"""

import argparse
import csv
import itertools
import json
import os
import subprocess
import tempfile

MODELS = ["Weights/fashion.safetensors", "Weights/fashion-deit.safetensors"]
SPARSITIES = ["0.05", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "0.95"]
NAMES = ["model", "method", "scope", "sparsity", "seed", "acc1"]


def trials(seeds):
    """Magnitude first, then seed after seed of random choices."""
    runs = [("magnitude", "0")] + [("random", str(seed)) for seed in range(seeds)]
    for (method, seed), scope, model, sparsity in itertools.product(runs, ["layer", "global"], MODELS, SPARSITIES):
        yield os.path.basename(model).removesuffix(".safetensors"), method, scope, sparsity, seed, model


def accuracy(arguments, method, scope, sparsity, seed, model, folder):
    pruned, run = os.path.join(folder, "pruned.safetensors"), os.path.join(folder, "run")
    subprocess.run(
        [arguments.convit, "prune", "--weights", model, "--method", method, "--scope", scope, "--sparsity", sparsity]
        + ["--seed", seed, "--output", pruned, "--force"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(
        [arguments.convit, "train", "--config", "Configs/fashion.yaml", "--finetune", pruned, "--epochs", "2"]
        + ["--model", "deit_tiny_patch16_224" if "deit" in model else "convit_tiny", "--lr", "5e-4"]
        + ["--warmup-epochs", "0", "--eval-every", "2", "--sampling-ratio", arguments.ratio, "--seed", seed]
        + ["--data-path", arguments.data_path, "--output-dir", run]
        + (["--threads", arguments.threads] if arguments.threads else []),
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(os.path.join(run, "log.jsonl")) as lines:
        return json.loads(lines.readlines()[-1])["test_acc1"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--convit", default=".build/release/convit")
    parser.add_argument("--data-path", default="data/fashion-mnist")
    parser.add_argument("--ratio", default="0.05", help="share of the training images")
    parser.add_argument("--threads", help="of a training (the processors)")
    parser.add_argument("--seeds", type=int, default=3, help="of random pruning")
    parser.add_argument("csv")
    arguments = parser.parse_args()
    done = set()
    if os.path.exists(arguments.csv):
        with open(arguments.csv) as table:
            done = {tuple(line[name] for name in NAMES[:5]) for line in csv.DictReader(table)}
    else:
        os.makedirs(os.path.dirname(arguments.csv) or ".", exist_ok=True)
        with open(arguments.csv, "w") as table:
            csv.writer(table).writerow(NAMES)
    for *trial, model in trials(arguments.seeds):
        if tuple(trial) in done:
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = accuracy(arguments, *trial[1:], model, folder)
        with open(arguments.csv, "a") as table:
            csv.writer(table).writerow([*trial, f"{found:.2f}"])
        print(*trial, f"{found:.2f}", flush=True)


if __name__ == "__main__":
    main()
