"""Flips the labels of some images, and counts how many of them `convit ticket` lists first among the hard ones.

    python3 Scripts/tickets/labels.py DATA [--flip 0.05] [--draws 3] [--convit .build/release/convit] [--csv FILE]

DATA is Fashion-MNIST as a folder; 6,000 images of it are trained on, others in each draw. Chance finds as large a share as is
flipped. FILE gets a line for each draw.
"""

import argparse
import csv
import os
import pathlib
import subprocess
import sys
import tempfile

import tables

COLUMNS = ["draw", "images", "flipped", "first", "flipped_of_first", "never_right", "flipped_of_never_right"]


def counts(arguments, draw, folder):
    """How many images are flipped, of all, of as many that are listed first, and of those that were never right."""
    flipped = set(tables.make(arguments.data, folder / "data", flip=arguments.flip, seed=draw))
    command = [arguments.convit, "ticket", "--config", "Configs/tickets.yaml", "--method", "random", "--rounds", "1",
               "--data-path", folder / "data/train.csv", "--val-path", folder / "data/val.csv",
               "--seed", str(draw), "--output-dir", folder / "search", "--resume", "auto"]
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
        sys.exit("the search failed")
    with open(folder / "search/hard.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    first = rows[: len(flipped)]
    never = [row for row in rows if row["never_right"] == row["trainings"]]
    return [draw, len(rows), len(flipped)] + [value for some in (first, never) for value in (len(some), sum(row["path"] in flipped for row in some))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--flip", type=float, default=0.05)
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--convit", type=os.path.abspath, default=".build/release/convit")
    parser.add_argument("--csv", type=pathlib.Path)
    arguments = parser.parse_args()
    found = []
    for draw in range(arguments.draws):
        with tempfile.TemporaryDirectory(prefix="ticket-labels-") as folder:
            found.append(dict(zip(COLUMNS, counts(arguments, draw, pathlib.Path(folder)))))
        line = found[-1]
        precision, chance = line["flipped_of_first"] / line["first"], line["flipped"] / line["images"]
        print(f"{line['flipped']} of {line['images']} labels are flipped; {line['never_right']} images were never right, "
              f"{line['flipped_of_never_right']} of them flipped")
        print(f"of the first {line['first']} images {line['flipped_of_first']} are flipped: {precision:.1%}, {precision / chance:.1f} times chance")
        if precision < 5 * chance:
            sys.exit("that is below five times chance")
    if arguments.csv:
        with open(arguments.csv, "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *(line.values() for line in found)])


if __name__ == "__main__":
    main()
