"""The raw numbers of a grid: a line for each run, as `convit experiment` writes them to runs.csv."""

import csv
from math import sqrt


def lines(path):
    """The lines of a table, each by the names of its columns."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def deviation(values):
    """The standard deviation of a sample; 0 of a single value."""
    values = list(values)
    middle = mean(values)
    return sqrt(sum((value - middle) ** 2 for value in values) / (len(values) - 1)) if len(values) > 1 else 0


def spread(values, digits=1):
    """Mean ± standard deviation; a dash of no values."""
    values = list(values)
    if not values:
        return "–"
    return f"{round(mean(values), digits) + 0.0:.{digits}f}" + (f" ± {deviation(values):.{digits}f}" if len(values) > 1 else "")


class Grid:
    def __init__(self, path):
        self.runs = [run for run in lines(path) if not run.get("error")]
        self.measures = [key for key in self.runs[0] if key not in ("row", "column", "seed", "error")]
        self.rows = list(dict.fromkeys(run["row"] for run in self.runs))
        self.seeds = sorted({int(run["seed"]) for run in self.runs})
        self.columns = list(dict.fromkeys(run["column"] for run in self.runs))

    def by_seed(self, row, column, measure="test_acc1"):
        """The measure of each seed of a cell."""
        return {
            int(run["seed"]): float(run[measure])
            for run in self.runs
            if (run["row"], run["column"]) == (row, column) and run.get(measure)
        }
