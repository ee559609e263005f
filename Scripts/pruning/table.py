#!/usr/bin/env python3
"""The table of docs/EXPERIMENTS.md from sweeps and from what pruned models reach after two epochs.

    python3 Scripts/pruning/table.py docs/experiments/pruning-retrained.csv docs/experiments/pruning-fashion.csv …

A sweep's file is named after its model. Of several seeds: mean ± sample standard deviation.
"""

import collections
import csv
import os
import statistics
import sys

SHOWN = ["0.1", "0.3", "0.5", "0.7", "0.9"]


def mean(values, places):
    if not values:
        return "–"
    text = f"{statistics.fmean(values):.{places}f}"
    return text if len(values) == 1 else f"{text} ± {statistics.stdev(values):.{places}f}"


def grouped(path, *names, **fixed):
    """Lists of the floats of `names`, by method, scope and sparsity."""
    found = collections.defaultdict(list)
    with open(path) as table:
        for line in csv.DictReader(table):
            if all(line[name] == value for name, value in fixed.items()):
                key = line["method"], line["scope"], f"{float(line['sparsity']):g}"
                found[key].append([float(line[name]) for name in names])
    return found


def main():
    retrained, *sweeps = sys.argv[1:]
    print("| model, method, share of | | " + " | ".join(SHOWN) + " |")
    print("|---|---|" + "---:|" * len(SHOWN))
    for path in sweeps:
        model = os.path.basename(path).removeprefix("pruning-").removesuffix(".csv")
        sweep, after = grouped(path, "predicted", "measured", "acc1"), grouped(retrained, "acc1", model=model)
        for method, scope in sorted({key[:2] for key in sweep}, key=lambda key: (key[0], key[1] != "layer")):
            cells = [sweep[method, scope, sparsity] for sparsity in SHOWN]
            both = [" / ".join(mean([trial[i] for trial in cell], 3) for i in (0, 1)) for cell in cells]
            rows = [
                ("gap, predicted / measured", both),
                ("acc@1", [mean([trial[2] for trial in cell], 1) for cell in cells]),
                ("after two epochs", [mean([x for x, in after[method, scope, sparsity]], 1) for sparsity in SHOWN]),
            ]
            where = "each layer" if scope == "layer" else "all together"
            rows = [row for row in rows if any(cell != "–" for cell in row[1])]
            for i, (name, values) in enumerate(rows):
                print(f"| {f'`{model}`, {method}, {where}' if i == 0 else ''} | {name} | " + " | ".join(values) + " |")


if __name__ == "__main__":
    main()
