"""Tables of what averaging over symmetries gains, and of how models take small motions, from averaging.py's raw numbers."""

from collections import defaultdict

from grid import lines, mean, spread

MOTIONS = {"translation-x": "to the right", "translation-y": "down", "rotation": "rotation", "scale": "scale"}
GROUPS = {"hflip": "mirror image", "c2": "half turn", "c4": "quarter turns", "d4": "all"}
GATES = ("0.0", "0.3", "0.5", "0.7", "0.9", "1.0")


def signed(text):
    return text.replace("-", "−")


def number(values):
    """Mean ± deviation, with a digit more where it is small."""
    text = spread(values, 4 if abs(mean(values)) < 0.1 else 3)
    return signed(text.lstrip("-") if float(text.split()[0]) == 0 else text)


def by(rows, *keys):
    """Lists of rows that have the same values of some columns, in their order."""
    found = defaultdict(list)
    for row in rows:
        found[tuple(row[key] for key in keys)].append(row)
    return found


def averaged(rows):
    """The cells of a group's runs: gain, what comes of it, top-1 and loss."""

    def of(key):
        return [float(row[key]) for row in rows]

    better = [after - before for after, before in zip(of("averaged_accuracy"), of("accuracy"))]
    top1 = f"{mean(of('accuracy')):.2f} → {mean(of('averaged_accuracy')):.2f} ({'+' if mean(better) > 0 else ''}{spread(better, 2)})"
    loss = f"{mean(of('loss')):.3f} → {mean(of('averaged_loss')):.3f}"
    return [number(of("gain")), number(of("realised_gain")), number(of("bias")), signed(top1), loss]


def groups(raw):
    """Two tables for the models of all images, and one of mirror images for all models."""
    found = by(lines(raw / "symmetry-groups.csv"), "images", "model", "group")
    head = ["passes", "gain", "realised", "bias", "top-1", "loss"]
    tables = []
    for model in ("ConViT", "DeiT"):
        rows = [[f"{model}, 60,000 images", *head]]
        for (images, name, group), runs in found.items():
            if (images, name) == ("100 %", model):
                words = f"{group} ({GROUPS[group]})" if group in GROUPS else group
                rows.append([words, runs[0]["passes"], *averaged(runs)])
        tables.append(rows)
    rows = [["hflip, 3,000 images", *head[1:]]]
    for model in ("ConViT", "DeiT"):
        rows.append([model, *averaged(found["5 %", model, "hflip"])])
    errors = [float(run["identity_error"]) for runs in found.values() for run in runs]
    return tables + [rows], f"Over whole orbits, risk less averaged risk equals the gain to {max(errors):.0e} of it in each of {len(errors)} cases."


def layers(raw):
    """How far each layer of the models of all images is from moving its patches with the image, for D4."""
    found = by((row for row in lines(raw / "symmetry-motions.csv") if row["images"] == "100 %" and row["motion"] == "d4"), "model", "of")
    names = list(dict.fromkeys(layer for _, layer in found))
    rows = [["layer", *names]]
    for model in ("ConViT", "DeiT"):
        for words, key in (("up to it", "up_to_it"), ("by itself", "by_itself"), ("gate σ(λ)", "gate")):
            cells = [[float(run[key]) for run in found[model, layer] if run[key]] for layer in names]
            if any(cells):
                rows.append([f"{model}, {words}", *(small(cell) for cell in cells)])
    return rows


def small(values):
    """Zero as it is measured: an error of rounding."""
    return "–" if not values else "0 (rounding)" if mean(values) < 1e-5 else spread(values, 2)


def motions(raw):
    """Lie derivatives of the logits."""
    found = by((row for row in lines(raw / "symmetry-motions.csv") if row["of"] == "logits"), "images", "model", "motion")
    rows = [["logits of", *MOTIONS.values()]]
    for model in ("ConViT", "DeiT"):
        for images, words in (("100 %", "60,000 images"), ("5 %", "3,000 images")):
            cells = [[float(run["up_to_it"]) for run in found[images, model, motion]] for motion in MOTIONS]
            rows.append([f"{model}, {words}", *(spread(cell, 3 if mean(cell) < 1 else 2) for cell in cells)])
    return rows


def gates(raw):
    """What layers do with their gates set, means over seeds; three layers beside each other."""
    found = by(lines(raw / "symmetry-gates.csv"), "gate", "layer")
    names = [layer for gate, layer in found if gate == next(iter(found))[0] and layer != "logits"]
    shown = [names[0], names[1], names[-1]]
    measures = {
        "shifts": "shifts by a patch (cyclic)", "away_from_border": "away from the border", "turns": "D4",
        "translation": "Lie derivative, per pixel",
    }
    rows = [["σ(λ)", *measures.values(), "of the logits"]]
    widest = dict.fromkeys(measures, 0.0)
    for gate in dict.fromkeys(gate for gate, _ in found):
        if f"{float(gate):.1f}" not in GATES:
            continue
        cells = []
        for key in measures:
            samples = [[float(run[key]) for run in found[gate, layer]] for layer in shown]
            cells.append(" / ".join(f"{mean(sample):.2f}" for sample in samples))
            widest[key] = max([widest[key], *(max(sample) - min(sample) for sample in samples)])
        rows.append([f"{float(gate):g}", *cells, spread([float(run["translation"]) for run in found[gate, "logits"]], 2)])
    apart = ", ".join(f"{value:.2f}" for value in widest.values())
    return rows, f"Layers {', '.join(shown[:-1])} and {shown[-1]}; seeds are at most {apart} apart in the four columns."
