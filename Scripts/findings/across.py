"""Raw numbers of what one system says of another's models, for docs/EXPERIMENTS.md.

    python3 Scripts/findings/across.py pruned --convit convit --data data/fashion-mnist --runs runs/sample-efficiency-middle
    python3 Scripts/findings/across.py symmetry --convit convit --data data/fashion-mnist --runs runs/sample-efficiency-middle
    python3 Scripts/findings/across.py tickets --convit convit --data data/fashion-mnist --runs tickets/transfer
    python3 Scripts/findings/across.py masked --convit convit --data data/fashion-mnist
    python3 Scripts/findings/across.py scores --convit convit --data data/fashion-mnist --runs runs/ablation-middle

`pruned`: accuracy, non-locality and gates of the ConViTs of all images as they are and without some of their weights. `symmetry`: gates
of their layers, and how far each layer is from moving its patches with an image that is shifted by whole patches. `scores`: what is said of
each row of the ablation before training. `masked`, which takes no runs: accuracy of the shipped ConViT without content or position in its
first layers. `tickets`: the same as `pruned` of ConViT's dense models and of the tickets that `make ticket-transfer` has trained. Each writes docs/experiments/across-<name>.csv.
"""

import argparse
import csv
import json
import subprocess
import tempfile
from pathlib import Path

from findings import RAW
from grid import Grid, mean

SPARSITIES = (0.5, 0.7, 0.9)
SYSTEMS = {
    "masked": ["masked", "layers", "acc1"],
    "pruned": ["method", "sparsity", "seed", "acc1", "nonlocality", "gate"],
    "tickets": ["found_by", "seed", "acc1", "nonlocality", "gate"],
    "symmetry": ["seed", "layer", "gate", "error"],
    "scores": ["row", "score", "mean", "deviation"],
}


def said(options, *arguments):
    """The JSON that a command prints."""
    command = [options.convit, *map(str, arguments), "--data-path", options.data, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def models(options):
    """The weights of the ConViTs of all images, by seed."""
    folders = sorted(Path(options.runs).glob("100*/ConViT/seed-*"))
    assert folders, f"{options.runs} has no 100*/ConViT/seed-*"
    return {folder.name.removeprefix("seed-"): folder / "model.safetensors" for folder in folders}


def looks(options, weights, folder):
    """Accuracy, and of the GPSA layers the mean non-locality and gate."""
    report = said(options, "locality", "--weights", weights, "--output-dir", folder)
    layers = [layer for layer in report["layers"] if layer["kind"] == "gpsa"]
    heads = {key: mean(value for layer in layers for value in layer[key]) for key in ("nonlocality", "gate")}
    return [said(options, "evaluate", "--weights", weights)["acc1"], heads["nonlocality"], heads["gate"]]


def masked(options):
    for what in ("content", "position"):
        for layers in (1, 3, 5):
            report = said(options, "evaluate", "--weights", "Weights/fashion.safetensors", f"--mask-{what}", layers)
            yield [what, layers, report["acc1"]]
    yield ["position embedding", "", said(options, "evaluate", "--weights", "Weights/fashion.safetensors", "--mask-pos-embed")["acc1"]]


def pruned(options):
    with tempfile.TemporaryDirectory() as folder:
        for seed, weights in models(options).items():
            yield ["none", 0, seed, *looks(options, weights, folder)]
            for method in ("magnitude", "random"):
                for sparsity in SPARSITIES:
                    light = f"{folder}/light.safetensors"
                    choice = ["--method", method, "--sparsity", str(sparsity)] + (["--seed", seed] if method == "random" else [])
                    command = [options.convit, "prune", "--weights", weights, *choice, "--output", light, "--force"]
                    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                    yield [method, sparsity, seed, *looks(options, light, folder)]


def tickets(options):
    """Of ConViT-<seed>/seed-<seed>, which has a search, and of <name>-<seed>-…, whose search began from another's images."""
    for search in sorted(Path(options.runs).glob("ConViT-*/seed-*")):
        seed, _, images = search.parent.name.removeprefix("ConViT-").partition("-")
        trained = {"": {"dense": "dense", "imp": "imp/trained-6", "prac": "prac/trained-6"}, "ticket-6": {"imp, DeiT's set": "imp/trained-6"}}
        for name, run in trained.get(images, {"imp, random set": "imp/trained-6"}).items():
            with tempfile.TemporaryDirectory() as folder:
                yield [name, seed, *looks(options, search / run / "model.safetensors", folder)]


def symmetry(options):
    for seed, weights in models(options).items():
        report = said(options, "symmetry", "--weights", weights, "--layerwise", "--group", "cyclic:7", "--sample", 1000)
        for layer in report["layers"]:
            if "gate" in layer:
                yield [seed, layer["layer"], layer["gate"], layer["own_error"]]


def scores(options):
    rows = Grid(f"{options.runs}/runs.csv").rows
    folders = sorted(Path(options.runs).glob("*/100*/seed-0"))  # in the order of rows, which are lettered
    assert len(folders) == len(rows), f"{options.runs} has {len(folders)} rows of runs, and {len(rows)} in runs.csv"
    report = said(options, "score", "--explain", "--config", *(folder / "config.yaml" for folder in folders))
    by_name = {candidate["name"]: candidate["scores"] for candidate in report["candidates"]}
    for row, folder in zip(rows, folders):
        for score, value in by_name[str(folder / "config.yaml")].items():
            if score != "ms":  # of the machine
                yield [row, score, value["mean"], value["deviation"]]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("system", choices=SYSTEMS)
    for name in ("convit", "data"):
        options.add_argument(f"--{name}", required=True)
    options.add_argument("--runs", help="the folder of a grid")
    options = options.parse_args()
    rows = list(globals()[options.system](options))
    with open(RAW / f"across-{options.system}.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([SYSTEMS[options.system], *rows])


if __name__ == "__main__":
    main()
