"""Tables of what one system says of another's models, from across.py's raw numbers."""

from collections import defaultdict
from itertools import permutations

from grid import Grid, lines, mean, spread
from scores import NAMES, VARIANTS
from statistic import kendall


def masked(raw):
    """Accuracy of the shipped ConViT without content or position in its first layers."""
    names = {
        "content": "content (gates let the position through alone)",
        "position": "position (gates let the content through alone)",
    }
    found = {(line["masked"], line["layers"]): f"{float(line['acc1']):.2f}" for line in lines(raw / "across-masked.csv")}
    rows = [["masked in GPSA layers", "the first", "the first 3", "all 5"]]
    for what, name in names.items():
        rows.append([name] + [found[what, layers] for layers in ("1", "3", "5")])
    return rows, f"Without the position embedding: {found['position embedding', '']}."


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


def tickets(raw):
    """Accuracy and non-locality of the GPSA layer of dense models and of trained tickets of theirs."""
    names = {
        "dense": "dense", "imp": "IMP on all images", "imp, DeiT's set": "IMP on DeiT's set", "imp, random set": "IMP on a random set",
        "prac": "PrAC",
    }
    found = defaultdict(list)
    for line in lines(raw / "across-tickets.csv"):
        found[line["found_by"]].append([float(line[key]) for key in ("acc1", "nonlocality", "gate")])
    rows = [["ConViT", "top-1", "non-locality, patches", "gate"]]
    for name, words in names.items():
        acc1, nonlocality, gate = zip(*found[name])
        rows.append([words, spread(acc1, 2), spread(nonlocality, 3), spread(gate, 3)])
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
    taus, p = alike([list(zip(*pairs)) for pairs in seeds.values()])
    own = ", ".join(f"{tau:.2f}" for tau in taus)
    words = (
        f"Kendall's τ of gate and error over the layers of each seed: {own}; mean {mean(taus):.2f}, p = {p:.2g} (of all orders of the "
        "layers, alike in all seeds)."
    )
    return rows, words.replace("-", "−")


def alike(samples):
    """Kendall's τ of each pair of lists, and how often their mean is as far from 0 if the second lists are in any order, the same for all."""

    def taus(order):
        return [kendall(xs, [ys[place] for place in order])[0] or 0 for xs, ys in samples]

    found = taus(range(len(samples[0][0])))
    orders = list(permutations(range(len(samples[0][0]))))
    return found, sum(abs(mean(taus(order))) >= abs(mean(found)) - 1e-12 for order in orders) / len(orders)


def scores(raw):
    """How far each score orders the rows of the ablation as training does."""
    grid = Grid(raw / "ablation-middle.csv")
    found = defaultdict(dict)
    for line in lines(raw / "across-scores.csv"):
        found[line["score"]][line["row"]] = float(line["mean"])
    rows = [["score"] + [f"τ with top-1, {column}" for column in grid.columns]]
    for score, name in (NAMES | VARIANTS).items():
        cells = []
        for column in grid.columns:
            accuracies = [mean(grid.by_seed(row, column).values()) for row in grid.rows]
            tau, p = kendall([found[score][row] for row in grid.rows], accuracies)
            cells.append("–" if tau is None else f"{tau:.2f} (p = {p:.2g})".replace("-", "−"))
        rows.append([name] + cells)
    return rows
