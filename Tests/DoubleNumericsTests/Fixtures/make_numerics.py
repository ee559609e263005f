"""Writes numerics.json: small matrices, lists and probabilities, and what NumPy, SciPy and mpmath make of them.

    python make_numerics.py

Made with numpy 2.4.6, scipy 1.17.1 and mpmath 1.4.1, seed 16. JSON has no NaN and no infinity: they are left out here and are closed forms in the tests.
"""

import json
import pathlib
import warnings

import mpmath
import numpy as np
import scipy.linalg
import scipy.stats

random = np.random.default_rng(16)
warnings.simplefilter("ignore")
mpmath.mp.dps = 60


def rounded(x, digits=3):
    """Few digits, which are read back as the same numbers."""
    return np.round(np.asarray(x, dtype=float), digits)


def matrix(a):
    a = np.asarray(a, dtype=float)
    return {"rows": a.shape[0], "columns": a.shape[1], "elements": a.ravel().tolist()}


def exact(a, b):
    """log |det|, its sign, and the solution, in 60 digits."""
    m = mpmath.matrix(a.tolist())
    determinant = mpmath.det(m)
    solution = mpmath.lu_solve(m, mpmath.matrix(b.tolist()))
    return float(mpmath.log(abs(determinant))), float(mpmath.sign(determinant)), [float(x) for x in solution]


def square(a, symmetric):
    b = rounded(random.normal(size=len(a)))
    logarithm, sign, solution = exact(a, b)
    assert np.linalg.slogdet(a)[0] == sign
    values = np.linalg.eigvalsh(a).tolist() if symmetric else None
    return {"a": matrix(a), "b": b.tolist(), "logarithm": logarithm, "sign": sign, "x": solution, "eigenvalues": values}


def least_squares(a, rank):
    b = rounded(random.normal(size=len(a)))
    x, _, found, _ = scipy.linalg.lstsq(a, b, lapack_driver="gelsd")
    assert found == rank, (found, rank)
    return {"a": matrix(a), "b": b.tolist(), "x": x.tolist(), "rank": rank}


def ranks(x, y):
    tau = scipy.stats.kendalltau(x, y)
    rho = scipy.stats.spearmanr(x, y)
    return {"x": list(map(float, x)), "y": list(map(float, y)), "tau": float(tau.statistic), "tauP": float(tau.pvalue),
            "rho": float(rho.statistic), "rhoP": float(rho.pvalue)}  # fmt: skip


x7, x34 = rounded(random.normal(size=7)), np.arange(34)
swapped = x34.copy()
swapped[[3, 4]] = swapped[[4, 3]]
x12 = rounded(random.normal(size=12))
near = rounded(x12 + 0.3 * random.normal(size=12))
low = rounded(random.normal(size=(6, 2)), 1) @ rounded(random.normal(size=(2, 4)), 1)
factor = rounded(random.normal(size=(5, 5)))
hilbert = np.array([[1 / (i + j + 1) for j in range(6)] for i in range(6)])
quantiles = [1e-300, 1e-100, 1e-20, 1e-12, 1e-5, 0.01, 0.07, 0.075, 0.08, 0.3, 0.5, 0.500001, 0.9, 0.925, 0.99, 1 - 1e-10]
below = [-38.0, -20.0, -8.3, -1.0, -1e-9, 0.5, 3.0, 9.0]
sample = rounded(random.normal(3, 2, size=11))

fixtures = {
    "square": {
        "general": square(rounded(random.normal(size=(5, 5))), False),
        "pivoting": square(np.array([[0, 2.0, 1], [1, 0, 0.5], [3, 1, 0]]), False),
        "one": square(np.array([[-2.5]]), False),
    },
    "positive": {
        "gram": square(factor @ factor.T + np.eye(5), True),
        "one": square(np.array([[2.5]]), True),
        "hilbert": square(hilbert, True),
    },
    "symmetric": {
        "indefinite": {"a": matrix(factor + factor.T), "eigenvalues": np.linalg.eigvalsh(factor + factor.T).tolist()},
        "repeated": {"a": matrix(np.ones((4, 4))), "eigenvalues": [0.0, 0.0, 0.0, 4.0]},
    },
    "leastSquares": {
        "tall": least_squares(rounded(random.normal(size=(7, 3))), 3),
        "wide": least_squares(rounded(random.normal(size=(3, 7))), 3),
        "square": least_squares(rounded(random.normal(size=(4, 4))), 4),
        "low": least_squares(low, 2),
        "lowWide": least_squares(low.T.copy(), 2),
        "one": least_squares(np.array([[4.0]]), 1),
        "zeroColumn": least_squares(np.array([[1.0, 0, 2], [3, 0, 1], [2, 0, 2]]), 2),
    },
    "singular": [
        {"a": matrix(a), "largest": float(np.linalg.svd(a, compute_uv=False)[0])}
        for a in (rounded(random.normal(size=(6, 4))), rounded(random.normal(size=(3, 8))), np.array([[-3.0]]), low)
    ],
    "ranks": {
        "two": ranks([1, 2], [2, 1]) | {"rhoP": None},
        "three": ranks([1, 2, 3], [1, 3, 2]),
        "seven": ranks(x7, rounded(x7 + random.normal(size=7))),
        "twelve": ranks(x12, near),
        "ties": ranks([1, 2, 2, 3, 3, 3, 4, 5, 5, 6], [2, 1, 1, 3, 5, 4, 4, 4, 6, 6]),
        "tiesOfOne": ranks([1, 2, 2, 3, 4, 5], [1, 6, 5, 4, 3, 2]),
        "exact33": ranks(np.arange(33), np.argsort(np.argsort(np.arange(33) * 0.15 + random.normal(size=33)))),
        "normal40": ranks(np.arange(40), np.argsort(np.argsort(np.arange(40) * 0.04 + random.normal(size=40)))),
        "ordered34": ranks(x34, x34),
        "swapped34": ranks(x34, swapped),
        "reversed34": ranks(x34, -swapped),
    },
    "student": [
        {"t": t, "freedom": n, "p": float(2 * mp_tail)}
        for n in (1, 2, 3, 10, 99, 1000)
        for t in (1e-8, 0.3, 1.0, 2.5, 12.0, 300.0)
        for mp_tail in [mpmath.betainc(mpmath.mpf(n) / 2, mpmath.mpf(1) / 2, 0, n / (n + mpmath.mpf(t) ** 2), regularized=True) / 2]
        if mp_tail > 1e-300
    ],
    "quantiles": [
        {"p": p, "x": float(mpmath.findroot(lambda x: mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2) - mpmath.log(p), scipy.stats.norm.ppf(p)))}
        for p in quantiles
    ],
    "below": [{"x": x, "p": float(mpmath.erfc(-mpmath.mpf(x) / mpmath.sqrt(2)) / 2), "density": float(scipy.stats.norm.pdf(x))} for x in below],
    "sample": {
        "values": sample.tolist(), "mean": float(sample.mean()), "deviation": float(sample.std(ddof=1)), "error": float(scipy.stats.sem(sample)),
        "shares": [0, 0.025, 0.3, 0.5, 0.75, 0.99, 1], "quantiles": np.quantile(sample, [0, 0.025, 0.3, 0.5, 0.75, 0.99, 1]).tolist(),
        "interval": [float(v) for v in scipy.stats.bootstrap((sample,), np.mean, n_resamples=400_000, batch=20_000, method="percentile",
                                                             confidence_level=0.9, rng=16).confidence_interval],
    },
}  # fmt: skip
# For t near 0 SciPy rounds what is 6e-9 below 1.
for entry in fixtures["student"]:
    assert abs(2 * scipy.stats.t.sf(entry["t"], entry["freedom"]) / entry["p"] - 1) < 1e-8, entry
for entry in fixtures["quantiles"]:
    assert abs(scipy.stats.norm.ppf(entry["p"]) - entry["x"]) <= 1e-13 * max(1, abs(entry["x"])), entry

text = json.dumps(fixtures, indent=None, separators=(",", ":"), allow_nan=False).replace('},"', '},\n"')
pathlib.Path(__file__).with_name("numerics.json").write_text(text + "\n")
print(len(text), "bytes")
