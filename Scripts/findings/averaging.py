"""Measures what averaging over symmetries gains and how models take small motions, for docs/EXPERIMENTS.md.

    python3 Scripts/findings/averaging.py groups --convit convit --data data/fashion-mnist --runs runs/sample-efficiency-middle
    python3 Scripts/findings/averaging.py motions --convit convit --data data/fashion-mnist --runs runs/sample-efficiency-middle
    python3 Scripts/findings/averaging.py gates --convit convit --data data/fashion-mnist --runs runs/sample-efficiency-middle

The models are those of the grid, of 5 and 100 % of the images. `groups`: gain, bias and accuracy of averaging over nine groups, on all test
images. `motions`: how far logits and layers move by Lie derivatives and D4, on 1,000 images. `gates`: how far the layers
of the ConViTs of all images are from commuting with cyclic shifts and D4, and Lie derivatives for translations, with the gates of all heads
set to eleven values, on 200 images. Each writes docs/experiments/symmetry-<name>.csv.
"""

import argparse
import csv
import json
import subprocess
from pathlib import Path

from findings import RAW

MEASURES = ["gain", "realised_gain", "realised_error", "bias", "accuracy", "averaged_accuracy", "loss", "averaged_loss"]
COLUMNS = {
    "groups": ["images", "model", "seed", "group", "passes", "gain_error", "identity_error", *MEASURES],
    "motions": ["images", "model", "seed", "motion", "of", "gate", "up_to_it", "by_itself"],
    "gates": ["seed", "gate", "layer", "shifts", "away_from_border", "turns", "translation"],
}


def models(options):
    """Share of the images, model, seed and weights of each run."""
    for share in (100, 5):
        for weights in sorted(Path(options.runs).glob(f"{share}/*/seed-*/model.safetensors"), key=lambda path: str(path.parent)):
            yield f"{share} %", weights.parent.parent.name, weights.parent.name.removeprefix("seed-"), weights


def said(options, weights, *arguments):
    command = [options.convit, "symmetry", "--weights", weights, "--data-path", options.data, "--json", *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def groups(options):
    for *model, weights in models(options):
        for group in said(options, weights)["groups"]:
            values = group["labelled"] | {"gain": group["gain"]}
            worth = [group["gain_error"], group["labelled"]["orbit"]["identity_error"]]
            yield [*model, group["name"], group["passes"], *worth, *(values[key] for key in MEASURES)]


def motions(options):
    for *model, weights in models(options):
        report = said(options, weights, "--sample", 1000, "--group", "d4", "--layerwise", "--lie")
        for layer in report["layers"]:
            yield [*model, "d4", layer["layer"], layer.get("gate"), layer["error"], layer["own_error"]]
        for motion in report["lie"]["motions"]:
            yield [*model, motion["name"], "logits", None, motion["logits"], None]
            for layer in motion["layers"]:
                yield [*model, motion["name"], layer["layer"], layer.get("gate"), layer["patches"], layer["own"]]


def gates(options):
    for share, model, seed, weights in models(options):
        if (share, model) == ("100 %", "ConViT"):
            report = said(options, weights, "--sample", 200, "--group", "d4", "--lie", "--gate-sweep")
            for point in report["gate_sweep"]["points"]:
                yield [seed, point["gate"], "logits", None, None, None, point["logits"]]
                for layer in point["layers"]:
                    border = layer["by_distance"][-1]
                    yield [seed, point["gate"], layer["layer"], layer["shifts"], border, layer["turns"], layer["translation"]]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("what", choices=COLUMNS)
    for name in ("convit", "data", "runs"):
        options.add_argument(f"--{name}", required=True)
    options = options.parse_args()
    rows = list(globals()[options.what](options))
    assert rows, f"{options.runs} has no 100/*/seed-*/model.safetensors"
    with open(RAW / f"symmetry-{options.what}.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS[options.what], *rows])


if __name__ == "__main__":
    main()
