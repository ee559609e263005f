"""Where the heads of a ConViT look as it is trained, and the raw numbers from the runs of Configs/experiments/escape.yaml.

    python3 Scripts/findings/escape.py runs/escape

writes docs/experiments/escape.csv: a line for each seed, measurement, layer and head.
"""

import csv
import json
import sys
from collections import defaultdict
from pathlib import Path

import plot
from grid import lines, mean, spread

RAW = Path(__file__).resolve().parents[2] / "docs/experiments"
COLUMNS = ["seed", "epochs", "test_acc1", "layer", "head", "kind", "nonlocality", "gate"]


def layers(raw, key):
    """Of each layer, by epochs the mean over the heads in each seed."""
    heads = defaultdict(list)
    for line in lines(raw / "escape.csv"):
        if line[key]:
            heads[int(line["layer"]), int(line["epochs"]), line["seed"]].append(float(line[key]))
    found = defaultdict(lambda: defaultdict(list))
    for (layer, epochs, _), values in sorted(heads.items()):
        found[layer][epochs].append(mean(values))
    return found


def table(raw):
    """Non-locality and gate of each layer at the start, halfway and at the end, and the gates of single heads at the end."""
    found = {key: layers(raw, key) for key in ("nonlocality", "gate")}
    epochs = sorted(found["nonlocality"][0])
    shown = [epochs[0], epochs[len(epochs) // 2], epochs[-1]]
    rows = [["layer"] + [f"{name} after {at}" for name in ("non-locality", "gate") for at in shown] + ["gates of heads, all seeds"]]
    last = [line for line in lines(raw / "escape.csv") if int(line["epochs"]) == epochs[-1]]
    for layer, by_epochs in found["nonlocality"].items():
        gates = found["gate"].get(layer)
        ends = [float(line["gate"]) for line in last if int(line["layer"]) == layer and line["gate"]]
        row = [str(layer)] + [spread(by_epochs[at], 2) for at in shown]
        row += [spread(gates[at], 3) if gates else "–" for at in shown]
        rows.append(row + [f"{min(ends):.2f} to {max(ends):.2f}" if ends else "–"])
    return rows


def pictures(raw):
    """Figures 5 and 6 of the paper: non-locality and gate against the epochs, by layer."""
    words = {"nonlocality": "non-locality, patches", "gate": "gate σ(λ), mean over heads"}
    made = {}
    for key, label in words.items():
        found = layers(raw, key)
        epochs = sorted(found[0])
        series = {f"layer {layer}": [by_epochs[at] for at in epochs] for layer, by_epochs in found.items()}
        title = f"{label.split(',')[0].capitalize()} of each layer as a ConViT is trained: mean and standard deviation over seeds"
        made[f"escape-{key}.svg"] = plot.lines(label, "epochs", epochs, series, title, is_logarithmic=False)
    return made


def of_runs(folder):
    for run in sorted(folder.glob("*/ConViT/seed-*")):
        log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
        accuracy = {epoch["epoch"] + 1: epoch.get("test_acc1") for epoch in log}
        for line in (run / "locality.jsonl").read_text().splitlines():
            survey = json.loads(line)
            for layer, report in enumerate(survey["report"]["layers"]):
                for head, nonlocality in enumerate(report["nonlocality"]):
                    gate = report["gate"][head] if report.get("gate") else ""
                    epochs = survey["epochs"]
                    yield [run.name[5:], epochs, accuracy.get(epochs), layer, head, report["kind"], nonlocality, gate]


def main():
    rows = list(of_runs(Path(sys.argv[1])))
    assert rows, f"{sys.argv[1]} has no */ConViT/seed-*"
    with open(RAW / "escape.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main()
