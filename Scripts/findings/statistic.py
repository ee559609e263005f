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

    def sign(a, b):
        return (a > b) - (a < b)

    pairs = [(i, j) for i in range(len(xs)) for j in range(i)]
    signs = [sign(xs[i], xs[j]) for i, j in pairs]

    def tau(values):
        other = [sign(values[i], values[j]) for i, j in pairs]
        scale = sqrt(sum(map(abs, signs)) * sum(map(abs, other)))
        return sum(a * b for a, b in zip(signs, other)) / scale if scale else None

    found = tau(ys)
    if found is None:
        return None, None
    if len(ys) <= EXACT:
        at_least = sum(abs(tau(order)) >= abs(found) - 1e-12 for order in permutations(ys))
        return found, at_least / factorial(len(ys))
    random, order, at_least = Random(0), list(ys), 1
    for _ in range(DRAWS - 1):
        random.shuffle(order)
        at_least += abs(tau(order)) >= abs(found) - 1e-12
    return found, at_least / DRAWS


def kendall_signs(xs, ys):
    """The signs by which Kendall's τ compares each two pairs: of both, of the first, of the second."""

    def table(of):
        return [[of(i, j) for j in range(len(xs))] for i in range(len(xs))]

    def sign(values):
        return table(lambda i, j: (values[i] > values[j]) - (values[i] < values[j]))

    a, b = sign(xs), sign(ys)
    return table(lambda i, j: a[i][j] * b[i][j]), table(lambda i, j: abs(a[i][j])), table(lambda i, j: abs(b[i][j]))


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
