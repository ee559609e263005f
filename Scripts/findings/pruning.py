"""The table of what pruned models lose, from sweeps and from what they reach after two epochs."""

from collections import defaultdict

from grid import lines, spread

SHOWN = ["0.1", "0.3", "0.5", "0.7", "0.9"]


def grouped(path, *names, **fixed):
    """Lists of the floats of `names`, by method, scope and sparsity."""
    found = defaultdict(list)
    for line in lines(path):
        if all(line[name] == value for name, value in fixed.items()):
            key = line["method"], line["scope"], f"{float(line['sparsity']):g}"
            found[key].append([float(line[name]) for name in names])
    return found


def table(raw, models):
    """The rows of a table of models that `convit prune --sweep` has measured (pruning-<model>.csv) and that were trained again."""
    rows = [["model, method, share of", ""] + SHOWN]
    for model in models:
        sweep = grouped(raw / f"pruning-{model}.csv", "predicted", "measured", "acc1")
        after = grouped(raw / "pruning-retrained.csv", "acc1", model=model)
        for method, scope in sorted({key[:2] for key in sweep}, key=lambda key: (key[0], key[1] != "layer")):
            cells = [sweep[method, scope, sparsity] for sparsity in SHOWN]
            both = [" / ".join(spread((trial[i] for trial in cell), 3) for i in (0, 1)) for cell in cells]
            own = [
                ["gap, predicted / measured"] + both,
                ["acc@1"] + [spread((trial[2] for trial in cell)) for cell in cells],
                ["after two epochs"] + [spread(x for x, in after[method, scope, sparsity]) for sparsity in SHOWN],
            ]
            where = "each layer" if scope == "layer" else "all together"
            own = [row for row in own if any(cell != "–" for cell in row[1:])]
            rows += [[f"`{model}`, {method}, {where}" if i == 0 else ""] + row for i, row in enumerate(own)]
    return rows
