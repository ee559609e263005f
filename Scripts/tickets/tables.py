"""Lists a part of a folder of images in two CSV files, a number of each class at random, for `convit ticket`.

    python3 Scripts/tickets/tables.py DATA OUT [--train 6000] [--val 2000] [--flip 0.05] [--seed 0]

OUT gets train.csv and val.csv. With --flip, so many of the labels of train.csv are another class's, and
flipped.txt has the paths of these.
"""

import argparse
import csv
import pathlib
import random


def sample(folder, count, draw):
    """As many images of each class as there can be for `count` of all, as rows of path and label."""
    classes = sorted(path for path in folder.iterdir() if path.is_dir())
    rows = []
    for place, path in enumerate(classes):
        share = count * (place + 1) // len(classes) - count * place // len(classes)
        rows += [[str(file.resolve()), path.name] for file in sorted(draw.sample(sorted(path.iterdir()), share))]
    return rows, [path.name for path in classes]


def write(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([["path", "label"], *rows])


def make(data, out, train=6000, val=2000, flip=0.0, seed=0):
    """Writes the tables; returns the paths of the images whose labels are wrong."""
    draw = random.Random(seed)
    out.mkdir(parents=True, exist_ok=True)
    rows, classes = sample(data / "train", train, draw)
    write(out / "val.csv", sample(data / "val", val, draw)[0])
    flipped = draw.sample(rows, round(flip * len(rows)))
    for row in flipped:
        row[1] = draw.choice([name for name in classes if name != row[1]])
    write(out / "train.csv", rows)
    paths = [row[0] for row in flipped]
    if flip:
        (out / "flipped.txt").write_text("".join(f"{path}\n" for path in paths))
    return paths


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--train", type=int, default=6000)
    parser.add_argument("--val", type=int, default=2000)
    parser.add_argument("--flip", type=float, default=0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    make(arguments.data, arguments.out, arguments.train, arguments.val, arguments.flip, arguments.seed)


if __name__ == "__main__":
    main()
