"""Measures what models of docs/EXPERIMENTS.md's two-corner task lose when no patch may look farther than three patches.

    python3 Scripts/findings/knockouts.py --convit convit --data data/pairs- --runs runs/distance-

Each run of `runs/distance-match` and `runs/distance-corner` on all of its test images, by `convit probe knockout`. Writes
docs/experiments/distance-knockout.csv: a line for each run and place.
"""

import argparse
import csv
import json
import subprocess
import sys

from findings import RAW
from grid import Grid

COLUMNS = ["question", "column", "seed", "part", "acc1", "difference"]


def lines(convit, data, grid, question):
    for run in Grid(f"{grid}/runs.csv").runs:
        weights = f"{grid}/20-000-pictures/{run['column'].replace(' ', '-')}/seed-{run['seed']}/model.safetensors"
        command = [convit, "probe", "knockout", "--weights", weights, "--data-path", data, "--edges", "far", "--distance", "3"]
        found = json.loads(subprocess.run([*command, "--sample", "all", "--json"], check=True, capture_output=True).stdout)
        if abs(found["acc1"] - float(run["test_acc1"])) > 0.026:  # one of 4,000 images
            sys.exit(f"{weights}: {found['acc1']} % now, {run['test_acc1']} % when it was trained")
        for part in [{"part": "nothing", "acc1": found["acc1"], "difference": 0}, *found["parts"]]:
            yield [question, run["column"], run["seed"], part["part"], part["acc1"], part["difference"]]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("convit", "data", "runs"):
        options.add_argument(f"--{name}", required=True)
    options = options.parse_args()
    rows = [COLUMNS]
    for question in ("match", "corner"):
        rows += lines(options.convit, options.data + question, options.runs + question, question)
    with open(RAW / "distance-knockout.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
