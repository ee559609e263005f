"""Makes a run of each grid again from nothing, drawn at random, and holds it against the raw numbers in docs/experiments.

    python3 Scripts/findings/again.py --convit convit --data data --output-dir runs/again [GRID …]

Writes docs/experiments/again.csv: of each grid the run, its top-1 then and now, and whether all its digits are the same; a grid's line
stays until it is drawn again. `--draw 1` draws others. DATA has the folders fashion-mnist, pairs-match and moving-clothes.
"""

import argparse
import csv
import subprocess
from pathlib import Path
from random import Random

from grid import Grid, lines

REPOSITORY = Path(__file__).resolve().parents[2]
RAW = REPOSITORY / "docs/experiments"
GRIDS = {
    "sample-efficiency-quick": ("sample-efficiency", ["--quick"], "fashion-mnist"),
    "sample-efficiency-middle": ("sample-efficiency", ["--middle"], "fashion-mnist"),
    "ablation-quick": ("ablation", ["--quick"], "fashion-mnist"),
    "ablation-middle": ("ablation", ["--middle"], "fashion-mnist"),
    "distance-match": ("distance", [], "pairs-match"),
    "moving-clothes": ("moving-clothes", [], "moving-clothes"),
}
COLUMNS = ["grid", "run", "test_acc1", "again", "same_digits", "spread"]


def table(raw):
    """A line for each grid: the run, then and now, and the range of its cell's seeds."""
    rows = [["grid", "run", "top-1, %", "again", "seeds of its cell"]]
    for line in lines(raw / "again.csv"):
        again = "the same digits" if line["same_digits"] == "yes" else f"{float(line['again']):.2f}"
        rows.append([line["grid"], line["run"], f"{float(line['test_acc1']):.2f}", again, line["spread"]])
    return rows


def made_again(options, name):
    config, form, data = GRIDS[name]
    runs = lines(RAW / f"{name}.csv")
    place = Random(f"{name} {options.draw}").randrange(len(runs))
    then, folder = runs[place], options.output_dir / name
    command = [options.convit, "experiment", REPOSITORY / f"Configs/experiments/{config}.yaml", *form, "--data-path", options.data / data]
    command += ["--output-dir", folder, "--task", f"{place + 1}/{len(runs)}", "--threads", options.threads]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    key = ("row", "column", "seed")
    (now,) = [run for run in lines(folder / "runs.csv") if all(run[part] == then[part] for part in key)]
    same = all(then[part] == now[part] for part in then if part in now)
    seeds = Grid(RAW / f"{name}.csv").by_seed(then["row"], then["column"]).values()
    cell = ", ".join(dict.fromkeys(then[part] for part in key[:2]))
    spread = f"{min(seeds):.2f} to {max(seeds):.2f}"
    return [name, f"{cell}, seed {then['seed']}", then["test_acc1"], now["test_acc1"], "yes" if same else "no", spread]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("convit", "data", "output-dir"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--threads", default="2")
    parser.add_argument("--draw", default="0")
    parser.add_argument("grids", nargs="*", metavar="GRID", default=list(GRIDS))
    options = parser.parse_args()
    for name in options.grids:
        found = made_again(options, name)
        print(*found, sep=", ", flush=True)
        file = RAW / "again.csv"
        known = {line["grid"]: [line[column] for column in COLUMNS] for line in (lines(file) if file.exists() else [])} | {name: found}
        with open(file, "w", newline="") as out:
            csv.writer(out, lineterminator="\n").writerows([COLUMNS, *(known[grid] for grid in GRIDS if grid in known)])


if __name__ == "__main__":
    main()
