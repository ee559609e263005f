"""Tests of order, by the standard library alone."""

from collections import Counter
from itertools import combinations, permutations
from math import factorial, sqrt
from random import Random

EXACT = 8
DRAWS = 20_000


def page(blocks):
    """Page's test of a trend (Page 1963) over blocks of values, expected to fall from the first to the last: L and the exact p.

    Ties get the mean of their ranks in L; p is over all orders without ties, which is then an approximation.
    """
    count = len(blocks[0])

    def ranks(values):
        ordered = sorted(values)
        return [sum(i + 1 for i, other in enumerate(ordered) if other == value) / ordered.count(value) for value in values]

    weights = range(count, 0, -1)
    found = sum(w * r for block in blocks for w, r in zip(weights, ranks(block)))
    one = {}
    for order in permutations(range(1, count + 1)):
        value = sum(w * r for w, r in zip(weights, order))
        one[value] = one.get(value, 0) + 1
    all_blocks = {0: 1}
    for _ in blocks:
        sums = {}
        for a, ways in all_blocks.items():
            for b, more in one.items():
                sums[a + b] = sums.get(a + b, 0) + ways * more
        all_blocks = sums
    total = sum(all_blocks.values())
    return found, sum(ways for value, ways in all_blocks.items() if value >= found - 1e-9) / total


def kendall(xs, ys):
    """Kendall's τ-b, and the two-sided p of a permutation test: of all orders of up to 8 pairs, else of 20,000 that chance draws."""
    found = tau(kendall_signs(xs, ys))
    if found is None:
        return None, None
    a, b, pairs = order_signs(xs), order_signs(ys), list(combinations(range(len(xs)), 2))

    def agreement(places):
        return sum(a[i][j] * b[places[i]][places[j]] for i, j in pairs)

    places = list(range(len(ys)))
    least = abs(agreement(places))
    if len(ys) <= EXACT:
        return found, sum(abs(agreement(order)) >= least for order in permutations(places)) / factorial(len(ys))
    random, at_least = Random(0), 1
    for _ in range(DRAWS - 1):
        random.shuffle(places)
        at_least += abs(agreement(places)) >= least
    return found, at_least / DRAWS


def order_signs(values):
    """Of each two values the sign of their difference."""
    return [[(a > b) - (a < b) for b in values] for a in values]


def kendall_signs(xs, ys):
    """The signs by which Kendall's τ compares each two pairs: of both, of the first, of the second."""
    a, b = order_signs(xs), order_signs(ys)
    return tuple([list(map(of, *rows)) for rows in zip(a, b)] for of in (lambda x, y: x * y, lambda x, y: abs(x), lambda x, y: abs(y)))


def tau(signs, sample=None):
    """Kendall's τ-b of a sample of the pairs, in which one may be more than once; None if it has no order."""
    times = Counter(range(len(signs[0])) if sample is None else sample)
    both = first = second = 0
    for i, j in combinations(times, 2):
        weight = times[i] * times[j]
        both += weight * signs[0][i][j]
        first += weight * signs[1][i][j]
        second += weight * signs[2][i][j]
    return both / sqrt(first * second) if first and second else None


def interval(of, count, draws=1000):
    """The 95 % interval of a statistic by the bootstrap, over samples of 0 ..< count."""
    random = Random(0)
    found = sorted(value for value in (of(random.choices(range(count), k=count)) for _ in range(draws)) if value is not None)
    return found[round(0.025 * (len(found) - 1))], found[round(0.975 * (len(found) - 1))]
