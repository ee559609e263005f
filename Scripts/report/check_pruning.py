#!/usr/bin/env python3
"""Loads the page of a sweep in headless Chromium, drives its controls, and holds what it shows against sweep.csv.

    Scripts/report/check_pruning.py OUT [--screenshots DIRECTORY]

Needs what check.py needs. Ends with 1 if the console has an error, a shown value is not the file's, or a control does nothing.
"""

import argparse
import csv
import json
from pathlib import Path
from statistics import mean

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

import check as runs

SCOPES = {"layer": "of each layer", "global": "of all layers together"}


def curves(folder):
    """Of each method and scope, in the file's order, the means by sparsity."""
    found = {}
    for row in csv.DictReader(open(folder / "sweep.csv")):
        points = found.setdefault((row["method"], row["scope"]), {})
        points.setdefault(float(row["sparsity"]), []).append(row)
    return {
        key: {s: {k: mean(float(r[k]) for r in rows) for k in ("predicted", "measured", "acc1")} for s, rows in points.items()}
        for key, points in found.items()
    }


def page(check, known, whole):
    methods = list(dict.fromkeys(method for method, _ in known))
    scopes = [scope for scope in SCOPES if any(s == scope for _, s in known)]
    ranges = Select(check.one("#range"))
    for value in [o.get_attribute("value") for o in ranges.options]:
        ranges.select_by_value(value)
        most = float(value)
        charts = check.all("#gaps .chart")
        check.expect(len(charts) == len(scopes), f"{len(charts)} charts of gaps for {len(scopes)} scopes")
        for chart, scope in zip(charts, scopes):
            expected = {
                (f"{m}, {k}", s): point[k]
                for m in methods for s, point in known[m, scope].items() for k in ("measured", "predicted") if point[k] <= most
            }
            for share in (0.2, 0.5, 0.9):
                place, values = runs.tip(check, chart, share - 0.5, f"gaps, {scope}")
                shown = {(name, place): value for name, value in values.items()}
                at = {key: v for key, v in expected.items() if key[1] == place}
                same = shown.keys() == at.keys() and all(runs.near(v, at[k]) for k, v in shown.items())
                check.expect(same and shown, f"gaps up to {value}, {scope}, {place}: {shown} shown, {at} in the file")
            lines = len({name for name, _ in expected})
            check.expect(len(chart.find_elements(By.CSS_SELECTOR, "svg[role=img] > path.ink")) == lines, f"gaps, {scope}: not {lines} lines")
    for chart, scope in zip(check.all("#accuracies .chart"), scopes):
        place, values = runs.tip(check, chart, 0, f"accuracies, {scope}")
        check.expect(values.keys() == set(methods), f"accuracies, {scope}: {values.keys()}")
        check.expect(all(runs.near(v, known[m, scope][place]["acc1"]) for m, v in values.items()), f"accuracies, {scope}: not the file's")
        check.expect(chart.find_elements(By.CSS_SELECTOR, ".yardstick"), "no line of the whole model's accuracy")
    cells = [e.get_attribute("data-value") for e in check.all("#tenth [data-value]")]
    tenths = [max((s for s, p in known[m, scope].items() if p["measured"] <= 0.1), default=None) for m in methods for scope in scopes]
    check.expect([float(c) if c else None for c in cells] == tenths, f"what can go: {cells} shown, {tenths} in the file")
    choices = Select(check.one("#curve"))
    check.expect([o.text for o in choices.options] == [f"{m}, {SCOPES[s]}" for m, s in known], "not a choice a curve")
    for index, points in enumerate(known.values()):
        choices.select_by_index(index)
        shown = [float(e.get_attribute("data-value")) for e in check.all("#points [data-value]")]
        expected = [p[k] for _, p in sorted(points.items()) for k in ("predicted", "measured", "acc1")]
        same = len(shown) == len(expected) and all(map(runs.near, shown, expected))
        check.expect(same, f"curve {index}: numbers are not the file's")
    check.expect(f"{whole:.2f} %" in check.one("#summary").text, "the accuracy of the whole model is not told")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--screenshots", type=Path)
    arguments = parser.parse_args()
    known = curves(arguments.folder)
    whole = json.loads((arguments.folder / "sweep.json").read_text())["origin"]["acc1"]

    def drive(check):
        drawn = check.driver.execute_script(runs.DRAWINGS)
        page(check, known, whole)
        return drawn

    runs.in_each_theme(arguments.folder / "sweep.html", arguments.screenshots, drive)


if __name__ == "__main__":
    main()
