"""Tables of what one system says of another's models, from across.py's raw numbers."""

import csv
from collections import defaultdict

from grid import Grid, spread
from statistic import kendall


def lines(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def masked(raw):
    """Accuracy of the shipped ConViT without content or position in its first layers."""
    names = {
        "content": "content (gates let the position through alone)",
        "position": "position (gates let the content through alone)",
        "position embedding": "position embedding",
    }
    found = {(line["masked"], line["layers"]): f"{float(line['acc1']):.2f}" for line in lines(raw / "across-masked.csv")}
    rows = [["masked", "first layer", "first 3", "all 5"]]
    for what, name in names.items():
        rows.append([name] + [found.get((what, layers), "") for layers in ("1", "3", "5")])
    rows[-1][-1] = found["position embedding", ""]
    return rows


def pruned(raw):
    """Accuracy and non-locality of GPSA layers without some weights."""
    found = defaultdict(list)
    for line in lines(raw / "across-pruned.csv"):
        found[line["method"], float(line["sparsity"])].append([float(line[key]) for key in ("acc1", "nonlocality", "gate")])
    rows = [["weights that go", "share", "top-1", "non-locality, patches", "gate"]]
    for (method, sparsity), values in found.items():
        acc1, nonlocality, gate = zip(*values)
        rows.append([method, f"{100 * sparsity:.0f} %", spread(acc1), spread(nonlocality, 3), spread(gate, 3)])
    return rows


def symmetry(raw):
    """Gates of layers and how far each is from moving its patches with the image, and whether they order the layers alike."""
    layers, seeds = defaultdict(list), defaultdict(list)
    for line in lines(raw / "across-symmetry.csv"):
        pair = float(line["gate"]), float(line["error"])
        layers[line["layer"]].append(pair)
        seeds[line["seed"]].append(pair)
    rows = [["layer", "gate σ(λ)", "error for shifts by whole patches"]]
    for layer, pairs in layers.items():
        gates, errors = zip(*pairs)
        rows.append([layer, spread(gates, 3), spread(errors, 3)])
    tau, p = kendall(*zip(*(pair for pairs in seeds.values() for pair in pairs)))
    own = ", ".join(f"{kendall(*zip(*pairs))[0]:.2f}".replace("-", "−") for pairs in seeds.values())
    words = f"Kendall's τ of gate and error: {tau:.2f}, p = {p:.2g} over all layers of all seeds; within each seed {own}."
    return rows, words.replace("-", "−")


def scores(raw):
    """How far each score orders the rows of the ablation as training does."""
    grid = Grid(raw / "ablation-middle.csv")
    found = defaultdict(dict)
    for line in lines(raw / "across-scores.csv"):
        found[line["score"]][line["row"]] = float(line["mean"])
    rows = [["score"] + [f"τ with top-1, {column}" for column in grid.columns]]
    for score, by_row in found.items():
        cells = []
        for column in grid.columns:
            accuracies = [sum(grid.by_seed(row, column).values()) / len(grid.seeds) for row in grid.rows]
            tau, p = kendall([by_row[row] for row in grid.rows], accuracies)
            cells.append("–" if tau is None else f"{tau:.2f} (p = {p:.2g})".replace("-", "−"))
        rows.append([score] + cells)
    return rows
