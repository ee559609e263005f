"""How far scores order networks as training does, from the candidates of whole searches (`search.csv`)."""

from math import comb
from random import Random

from grid import lines, mean
from statistic import interval, kendall_signs, tau

NAMES = {
    "naswot": "NASWOT", "naswot-normalized": "NASWOT, normalised", "mgm": "MGM (gradient kernel)", "grad-norm": "gradient norm",
    "snip": "SNIP", "synflow": "SynFlow", "dss": "DSS", "params": "*number of parameters*", "macs": "*multiply–adds*",
}
VARIANTS = {"mgm-released": "MGM, *released*", "mgm-auto-prox": "MGM, *auto-prox*"}
TEN = 10


def table(raw):
    """Each score's order in two draws of 24 candidates, and what it is worth to choose by it."""
    searches = [lines(raw / f"scores-{name}.csv") for name in ("a", "b")]
    rows = [["score"] + [f"{what}{draw}" for draw in "AB" for what in ("τ, draw ", "of ten, ", "of three, ")]]
    for score, name in NAMES.items():
        cells = [name]
        for candidates in searches:
            scores = [float(line[score]) for line in candidates]
            accuracies = [float(line["accuracy"]) for line in candidates]
            signs = kendall_signs(scores, accuracies)
            low, high = interval(lambda sample: tau(signs, sample), len(scores))
            gain, loss = of_ten(scores, accuracies)
            cells += [f"{tau(signs):.2f} ({low:.2f} … {high:.2f})", f"{gain:+.1f}", f"{-loss:.2f}"]
        rows.append([cell.replace("-", "−") if place else cell for place, cell in enumerate(cells)])
    return rows, "τ of the number of parameters less that of a score, in draws A and B, paired: " + "; ".join(ahead(searches)) + "."


def ahead(searches):
    """How far the order by size is ahead of that by each score, with the interval over samples of the same candidates."""
    signs = []
    for candidates in searches:
        accuracies = [float(line["accuracy"]) for line in candidates]
        signs.append({score: kendall_signs([float(line[score]) for line in candidates], accuracies) for score in NAMES})
    for score, name in NAMES.items():
        if score in ("params", "macs"):
            continue
        cells = []
        for of in signs:

            def difference(sample=None):
                size, own = tau(of["params"], sample), tau(of[score], sample)
                return None if size is None or own is None else size - own

            low, high = interval(difference, len(searches[0]))
            cells.append(f"{difference():.2f} ({low:.2f} … {high:.2f})".replace("-", "−"))
        yield f"{name} {' and '.join(cells)}"


def of_ten(scores, accuracies):
    """Over all draws of ten: the best by the score less a random one, and the best of all ten less the best of its first three."""
    count = len(scores)
    draws = comb(count, TEN)

    def best(order):
        return sum(accuracies[i] * comb(count - 1 - place, TEN - 1) for place, i in enumerate(order)) / draws

    order = sorted(range(count), key=lambda i: (-scores[i], i))
    three = sum(
        max(accuracies[order[i]], accuracies[order[j]], accuracies[order[k]]) * comb(count - 1 - k, TEN - 3)
        for k in range(count) for j in range(k) for i in range(j)
    ) / draws
    most = best(sorted(range(count), key=lambda i: -accuracies[i]))
    return best(order) - mean(accuracies), most - three


def calibrated(raw, draws=1000):
    """What a search finds that trains some of 48 candidates and then the best of the others, over draws of the first."""
    candidates = lines(raw / "scores-48.csv")
    accuracies, paid = ([float(line[key]) for line in candidates] for key in ("accuracy", "macs"))
    sizes = [float(line["params"]) for line in candidates]
    features, random = places(candidates), Random(0)
    rows = [["calibrated + chosen", "order", "best of all trained", "within 1.0", "best of the chosen", "within 1.0", "multiply–adds paid"]]
    for count, more in ((5, 3), (12, 3)):
        samples = [random.sample(range(len(candidates)), count) for _ in range(draws)]
        for name in ("regression", "parameters"):
            trained, chosen, share = [], [], []
            for sample in samples:
                values = ridge(features, accuracies, sample) if name == "regression" else sizes
                rest = sorted(set(range(len(candidates))) - set(sample), key=lambda i: -values[i])[:more]
                chosen.append(max(accuracies) - max(accuracies[i] for i in rest))
                trained.append(max(accuracies) - max(accuracies[i] for i in sample + rest))
                share.append(sum(paid[i] for i in sample + rest) / sum(paid))
            cells = [f"{0 - mean(trained):.2f}", percent(trained), f"{0 - mean(chosen):.2f}", percent(chosen), f"{100 * mean(share):.0f} %"]
            rows.append([f"{count} + {more}", name] + [cell.replace("-", "−") for cell in cells])
    return rows


def percent(losses):
    return f"{100 * mean(loss <= 1 for loss in losses):.0f} %"


def places(candidates):
    """Of each candidate its place, 0 to 1, by each score and each choice: what the regression of `convit search` is given."""
    columns = []
    for score in candidates[0]:
        if score not in ("candidate", "accuracy", "epochs", "predicted", "ms") and candidates[0][score]:
            values = [float(line[score] or "-inf") for line in candidates]
            below = [sum(other < value for other in values) + (values.count(value) - 1) / 2 for value in values]
            columns.append([place / (len(values) - 1) for place in below])
    choices = [dict(part.rsplit(" ", 1) for part in line["candidate"].split(", ")) for line in candidates]
    for choice in choices[0]:
        values = [float(line[choice]) for line in choices]
        known = sorted(set(values))
        columns.append([known.index(value) / max(len(known) - 1, 1) for value in values])
    return list(zip(*columns))


def ridge(features, targets, sample):
    """The prediction of a ridge regression, fitted to a sample whose features are standardised; the penalty is their number."""
    middle = [mean(column) for column in zip(*(features[i] for i in sample))]
    scale = [mean((features[i][j] - middle[j]) ** 2 for i in sample) ** 0.5 or 1 for j in range(len(middle))]
    standard = [[(value - m) / s for value, m, s in zip(row, middle, scale)] for row in features]
    level = mean(targets[i] for i in sample)
    # As many unknowns as there are in the sample: w = zᵀ (z zᵀ + λ)⁻¹ y.
    z = [standard[i] for i in sample]
    matrix = [[sum(map(float.__mul__, a, b)) + (len(middle) if a is b else 0) for b in z] for a in z]
    dual = solve(matrix, [targets[i] - level for i in sample])
    weights = [sum(d * row[j] for d, row in zip(dual, z)) for j in range(len(middle))]
    return [level + sum(map(float.__mul__, row, weights)) for row in standard]


def solve(matrix, right):
    """A symmetric positive system, by elimination."""
    rows = [row + [value] for row, value in zip(matrix, right)]
    for i, row in enumerate(rows):
        for other in rows[i + 1:]:
            factor = other[i] / row[i]
            other[i:] = [a - factor * b for a, b in zip(other[i:], row[i:])]
    found = [0.0] * len(rows)
    for i in reversed(range(len(rows))):
        found[i] = (rows[i][-1] - sum(a * b for a, b in zip(rows[i][i + 1:-1], found[i + 1:]))) / rows[i][i]
    return found
