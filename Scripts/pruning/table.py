#!/usr/bin/env python3
"""The table of docs/EXPERIMENTS.md: gap and accuracy of pruned models, by sparsity.

    make pruning-table          # DATA=data/fashion-mnist SAMPLE=2000

Writes a CSV to standard output, a line for each model, method, scope, sparsity and seed. Magnitude pruning has no seed.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile

MODELS = ["Weights/fashion.safetensors", "Weights/fashion-deit.safetensors"]
SPARSITIES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--convit", default=".build/release/convit")
    parser.add_argument("--data-path", default="data/fashion-mnist")
    parser.add_argument("--sample", default="2000", help="images of val")
    parser.add_argument("--seeds", type=int, default=3, help="of random pruning")
    arguments = parser.parse_args()
    table = csv.writer(sys.stdout)
    table.writerow(
        ["model", "method", "scope", "sparsity", "seed", "predicted", "measured", "acc1", "acc1_pruned"]
    )
    with tempfile.TemporaryDirectory() as folder:
        for model in MODELS:
            for method in ["magnitude", "random"]:
                for scope in ["layer", "global"]:
                    for sparsity in SPARSITIES:
                        for seed in range(arguments.seeds if method == "random" else 1):
                            command = [arguments.convit, "prune", "--weights", model, "--method", method]
                            command += ["--scope", scope, "--sparsity", str(sparsity), "--seed", str(seed)]
                            command += ["--data-path", arguments.data_path, "--sample", arguments.sample]
                            command += ["--output", os.path.join(folder, "w"), "--force", "--json"]
                            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                            gap = json.loads(output)["gap"]
                            numbers = [gap["predicted"], gap["measured"]]
                            table.writerow(
                                [os.path.basename(model), method, scope, sparsity, seed]
                                + [f"{number:.5f}" for number in numbers]
                                + [f"{gap['acc1']:.2f}", f"{gap['acc1_pruned']:.2f}"]
                            )
                            sys.stdout.flush()


if __name__ == "__main__":
    main()
