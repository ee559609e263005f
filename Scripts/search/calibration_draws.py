#!/usr/bin/env python3
"""What a calibrated search finds, over many draws of the candidates that it is calibrated by.

    convit search --space S --data-path D --samples 48 --calibrate 48 --topk 0 --output-dir R
    python3 Scripts/search/calibration_draws.py R/search.json [--draws 1000]

From a search that has trained all its candidates: N of them are drawn at random, the regression of
`convit search` is fitted to these, and the K best by it (or by the number of parameters) are taken.
Prints how far the best of the N + K and the best of the K alone are from the best of all, in points,
and the share of the multiply-adds that is paid. Needs NumPy; written anew, so that it checks the
Swift code as well.
"""

import argparse
import json

import numpy as np


def ranks(values):
    values = np.array(values)
    return np.array([(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values])


def features(candidates, names):
    """Ranks by each score and places of each choice, from 0 to 1."""
    def unit(values):
        return (ranks(values) - 1) / (len(values) - 1)

    scores = [unit([c["scores"].get(name, -1e300) for c in candidates]) for name in names]
    choices = [dict(part.rsplit(" ", 1) for part in c["name"].split(", ")) for c in candidates]
    for key in choices[0]:
        values = sorted({float(choice[key]) for choice in choices})
        scores.append(np.array([values.index(float(c[key])) for c in choices]) / max(len(values) - 1, 1))
    return np.array(scores).T


def predicted(x, y, drawn):
    mean, scale = x[drawn].mean(0), x[drawn].std(0)
    scale[scale == 0] = 1
    z, width = (x - mean) / scale, x.shape[1]
    normal = z[drawn].T @ z[drawn] + width * np.eye(width)
    return y[drawn].mean() + z @ np.linalg.solve(normal, z[drawn].T @ (y[drawn] - y[drawn].mean()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("search")
    parser.add_argument("--draws", type=int, default=1000)
    arguments = parser.parse_args()
    with open(arguments.search) as file:
        report = json.load(file)
    candidates = [c for c in report["candidates"] if c["is_complete"]]
    y = np.array([c["accuracy"] for c in candidates])
    x = features(candidates, report["scores"])
    macs = np.array([c["scores"]["macs"] for c in candidates])
    size = np.array([c["scores"]["params"] for c in candidates])
    print("trained  order   best found   within 1   chosen alone   within 1   of the multiply-adds")
    random = np.random.default_rng(0)
    for n, k in [(5, 3), (8, 3), (12, 3), (12, 5)]:
        draws = [random.permutation(len(y))[:n] for _ in range(arguments.draws)]
        for name in ["fit", "params"]:
            rows = []
            for drawn in draws:
                order = np.argsort(-(predicted(x, y, drawn) if name == "fit" else size), kind="stable")
                chosen = [i for i in order if i not in drawn][:k]
                paid = macs[drawn].sum() + macs[chosen].sum()
                found = max(y[drawn].max(), y[chosen].max())
                rows.append((y.max() - found, y.max() - y[chosen].max(), paid / macs.sum()))
            found, chosen, paid = np.array(rows).T
            print(
                f"{n:4d} + {k}  {name:6s} {found.mean():8.2f} {100 * (found <= 1).mean():10.0f} %"
                f" {chosen.mean():12.2f} {100 * (chosen <= 1).mean():10.0f} % {100 * paid.mean():12.0f} %"
            )


if __name__ == "__main__":
    main()
