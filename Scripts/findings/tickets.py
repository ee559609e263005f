"""Tables of lottery tickets, and the raw numbers of the first from the folder of `make ticket-table`.

    python3 Scripts/findings/tickets.py tickets/fashion

writes docs/experiments/tickets.csv. The raw numbers of the second, ticket-transfer.csv, are those that `make ticket-transfer` writes.
"""

import csv
import json
import sys
from collections import defaultdict
from pathlib import Path

from grid import lines, mean, spread

RAW = Path(__file__).resolve().parents[2] / "docs/experiments"
METHODS = {
    "imp": "IMP", "prac": "PrAC", "early-bird": "early-bird", "random": "random masks", "snip": "SNIP", "synflow": "SynFlow",
}
TICKETS = ["method", "round", "seed", "sparsity", "accuracy", "steps"]


def table(raw):
    """Accuracy of tickets of each method at three sparsities, and the steps of finding them as a share of IMP's."""
    found = defaultdict(list)
    for line in lines(raw / "tickets.csv"):
        found[line["method"], line["round"]].append(line)
    rounds = sorted({key for method, key in found if method == "imp"}, key=int)
    head = [""]
    for key in rounds:
        head += [f"{100 * float(found['imp', key][0]['sparsity']):.1f} % gone", "steps"]
    rows = [head]
    for method, name in METHODS.items():
        row = [name]
        for key in rounds:
            runs = found[method, key]
            row.append(spread((float(run["accuracy"]) for run in runs), 2))
            row.append(f"{100 * steps(runs) / steps(found['imp', key]):.0f} %")
        rows.append(row)
    return rows, f"Dense: {spread((float(run['accuracy']) for run in found['dense', '0']), 2)}."


def transfer(raw):
    """Tickets found on the images that are critical to another architecture, and on as many random ones."""
    found = defaultdict(list)
    for line in lines(raw / "ticket-transfer.csv"):
        found[line["model"], line["found_by"]].append(line)
    rows = [["model", "found by", "images", "acc@1", "steps of finding it", "of IMP"]]
    for (model, way), runs in sorted(found.items(), key=lambda item: item[0][0], reverse=True):
        whole = steps(found[model, "IMP on all images"])
        accuracy = spread((float(run["accuracy"]) for run in runs), 2)
        share = f"{100 * mean(float(run['share']) for run in runs):.0f} %" if runs[0]["share"] else "by rounds"
        rows.append([model, way, share, accuracy, f"{steps(runs):.0f}", f"{100 * steps(runs) / whole:.0f} %"])
    return rows


def steps(runs):
    return mean(float(run["steps"]) for run in runs)


def of_table(folder):
    """A line for each ticket that was trained, and for each dense model."""
    report = json.loads((folder / "tickets.json").read_text())
    for row in report["rows"]:
        if row["method"] == "dense":
            for seed, accuracy in enumerate(row["accuracies"]):
                yield ["dense", 0, seed, 0, accuracy, row["steps"]]
    for ticket in report["tickets"]:
        if ticket.get("trained"):
            sparsity = 1 - ticket["kept"] / ticket["prunable"]
            yield [ticket["method"], ticket["round"], ticket["seed"], sparsity, ticket["trained"]["accuracy"], ticket["steps"]]


def main():
    rows = list(of_table(Path(sys.argv[1])))
    with open(RAW / "tickets.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([TICKETS, *rows])


if __name__ == "__main__":
    main()
