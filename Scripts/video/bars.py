"""Holds the runs of Configs/experiments/moving-clothes.yaml to what must come of them.

    python3 Scripts/video/bars.py RUNS.csv

A model that averages over frames gives a clip and its reverse the same answer, which is right for one of the
two at most: `space` is right on half of the pairs or less, in every run. The other schemes see the order, and
are right on 95 % or more in every run. The ConViT stands beside them, without a bar.
"""

import csv
import sys


def main():
    with open(sys.argv[1], newline="") as file:
        runs = list(csv.DictReader(file))
    failed = False
    for run in runs:
        accuracy = float(run["test_acc1"])
        if "ConViT" in run["row"]:
            print(f"no bar: {run['row']}, seed {run['seed']}: {accuracy} %")
            continue
        is_space = run["row"] == "space"
        holds = accuracy <= 50 if is_space else accuracy >= 95
        failed |= not holds
        bar = "at most 50" if is_space else "at least 95"
        print(f"{'holds' if holds else 'FAILS'}: {run['row']}, seed {run['seed']}: {accuracy} % ({bar})")
    rows = {run["row"] for run in runs}
    if len(rows) < 6 or any(sum(run["row"] == row for run in runs) < 3 for row in rows):
        sys.exit(f"only {len(runs)} runs of {len(rows)} rows are done")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
