"""Flips the labels of some images, and counts how many of them `convit ticket` lists first among the hard ones.

    python3 Scripts/tickets/labels.py DATA [--flip 0.05] [--seeds 1] [--convit .build/release/convit] [--output OUT]

DATA is Fashion-MNIST as a folder; 6,000 images of it are trained on. Chance finds as large a share as is
flipped.
"""

import argparse
import csv
import os
import pathlib
import subprocess
import sys
import tempfile

import tables


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--flip", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--convit", type=os.path.abspath, default=".build/release/convit")
    parser.add_argument("--output", type=pathlib.Path)
    arguments = parser.parse_args()
    folder = arguments.output or pathlib.Path(tempfile.mkdtemp(prefix="ticket-labels-"))
    flipped = set(tables.make(arguments.data, folder / "data", flip=arguments.flip))
    command = [arguments.convit, "ticket", "--config", "Configs/tickets.yaml", "--method", "random", "--rounds", "1",
               "--data-path", folder / "data/train.csv", "--val-path", folder / "data/val.csv",
               "--seeds", str(arguments.seeds), "--output-dir", folder / "search", "--resume", "auto"]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
        sys.exit("the search failed")
    with open(folder / "search/hard.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    first = rows[: round(0.05 * len(rows))]
    found = sum(row["path"] in flipped for row in first)
    never = [row for row in rows if row["never_right"] == row["trainings"]]
    precision, chance = found / len(first), len(flipped) / len(rows)
    print(f"{len(flipped)} of {len(rows)} labels are flipped; {len(never)} images were never right, "
          f"{sum(row['path'] in flipped for row in never)} of them flipped")
    print(f"of the first {len(first)} images {found} are flipped: {precision:.1%}, {precision / chance:.1f} times chance")
    if precision < 5 * chance:
        sys.exit("that is below five times chance")


if __name__ == "__main__":
    main()
