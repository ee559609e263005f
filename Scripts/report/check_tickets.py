#!/usr/bin/env python3
"""Loads the page of a search for tickets in headless Chromium, and holds what it shows against tickets.json and hard.csv.

    Scripts/report/check_tickets.py OUT [--screenshots DIRECTORY]

Needs what check.py needs. Ends with 1 if the console has an error, or a shown value is not the file's.
"""

import argparse
import csv
import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from statistics import mean

from selenium.webdriver.common.by import By

import check as runs

SHOWN = 48  # images at most


def tips(check, box, expected, name):
    """Under the pointer are the values of `expected`, by series and place; at least one place of each chart is seen."""
    charts = check.all(f"{box} .chart")
    check.expect(len(charts) == 1, f"{name}: {len(charts)} charts")
    for chart in charts:
        for share in (-0.4, -0.15, 0.1, 0.3, 0.48):
            place, shown = runs.tip(check, chart, share, name)
            nearest = min((x for _, x in expected), key=lambda x: abs(x - place))
            known = {series: value for (series, x), value in expected.items() if x == nearest}
            same = shown.keys() == known.keys() and all(runs.near(v, known[k]) for k, v in shown.items())
            check.expect(same and shown, f"{name} at {place}: {shown} shown, {known} in the file")
        paths = [path.get_attribute("d") for path in chart.find_elements(By.CSS_SELECTOR, "svg[role=img] > path.ink")]
        lines, ranges = sum("V" not in path for path in paths), sum("V" in path for path in paths)
        several = {series for series, _ in expected}
        check.expect(lines == len(several), f"{name}: {lines} lines for {len(several)} methods")
        check.expect(ranges in (0, len(expected)), f"{name}: {ranges} ranges over seeds for {len(expected)} tickets")


def rounds(report, value):
    """By method with rounds and round, the mean over seeds, of the tickets that took most rounds."""
    found = {}
    tickets = [t for t in report["tickets"] if len(t["rounds"]) > 1]
    for method in {t["method"] for t in tickets}:
        last = max(t["round"] for t in tickets if t["method"] == method)
        furthest = [t for t in tickets if t["method"] == method and t["round"] == last]
        for place in range(min(len(t["rounds"]) for t in furthest)):
            found[method, place] = mean(value(t, place) for t in furthest)
    return found


def table(check, report):
    rows = [[cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")] for row in check.all("#rows tr")[1:]]
    check.expect(len(rows) == len(report["rows"]), f"{len(rows)} rows shown, {len(report['rows'])} in the file")
    for shown, row in zip(rows, report["rows"]):
        def text(key, digits, factor=1, unit=""):
            value = row.get(key)
            if value is None:
                return "–"
            # As toFixed does: half of the last digit goes up.
            return f"{Decimal(factor * value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)}{unit}"

        known = [row["method"], text("sparsity", 2, 100, " %"), text("accuracy", 2), text("deviation", 2), text("steps", 0)]
        known += [text("share_of_imp", 0, 100, " %"), text("seconds", 1), text("beats_random", 3)]
        check.expect(shown == known, f"a row: {shown} shown, {known} in the file")
        place = f"{row['method']}, round {row['round']}"
        check.expect(runs.near(mean(row["accuracies"]), row["accuracy"]), f"{place}: the accuracy is not the mean over seeds")
        if row["method"] != "dense":
            trained = [t["trained"]["accuracy"] for t in report["tickets"] if (t["method"], t["round"]) == (row["method"], row["round"]) and t.get("trained")]
            check.expect(sorted(trained) == sorted(row["accuracies"]), f"{place}: accuracies are not those of its tickets")
            sparsity = 1 - row["kept"] / row["prunable"]
            others = {t["kept"] for t in report["tickets"] if t["round"] == row["round"]}
            check.expect(runs.near(sparsity, row["sparsity"]) and others == {row["kept"]}, f"{place}: not as sparse as the others")


def pictures(check, hard):
    figures = check.all("#pictures figure")
    check.expect(len(figures) == min(SHOWN, len(hard)), f"{len(figures)} pictures of {len(hard)} images")
    check.expect(check.one("#hard").is_displayed() == bool(hard), "hard images are shown, or not, without cause")
    for figure, row in zip(figures, hard):
        path = figure.find_element(By.CSS_SELECTOR, ".path").text
        label = figure.find_element(By.TAG_NAME, "strong").text
        check.expect((path, label) == (row["path"], row["label"]), f"{path}, {label} shown, {row['path']}, {row['label']} in the file")
        never = row["never_right"] == row["trainings"]
        check.expect(("never right" in figure.text) == never, f"{path}: never right, or not, against the file")
        images = figure.find_elements(By.TAG_NAME, "img")
        check.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", figure)
        if images:
            check.wait(lambda: check.driver.execute_script("return arguments[0].complete", images[0]), f"{path}: its picture")
            width = check.driver.execute_script("return arguments[0].naturalWidth", images[0])
            check.expect(width > 0, f"{path}: a picture that cannot be drawn")


def page(check, report, hard):
    pruned = [row for row in report["rows"] if row["method"] != "dense"]
    values = {key: {(r["method"], 100 * r["sparsity"]): r[key] for r in pruned} for key in ("accuracy", "steps")}
    if pruned:
        tips(check, "#accuracy-chart", values["accuracy"], "accuracy")
        tips(check, "#steps-chart", values["steps"], "steps")
        check.expect(check.all("#accuracy-chart .yardstick"), "no line of the dense model's accuracy")
    shares, seconds = (rounds(report, value) for value in (lambda t, i: 100 * t["shares"][i], lambda t, i: t["rounds"][i]["seconds"]))
    check.expect(check.one("#rounds").is_displayed() == bool(shares), "rounds are shown, or not, without cause")
    if shares:
        tips(check, "#share-chart", shares, "images")
        tips(check, "#seconds-chart", seconds, "seconds")
    notes = [e.text for e in check.all("#notes li")]
    check.expect(notes == report["notes"], f"notes: {notes}")
    table(check, report)
    pictures(check, hard)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--screenshots", type=Path)
    arguments = parser.parse_args()
    report = json.loads((arguments.folder / "tickets.json").read_text())
    with open(arguments.folder / "hard.csv", newline="") as file:
        hard = list(csv.DictReader(file))

    def drive(check):
        drawn = check.driver.execute_script(runs.DRAWINGS)
        page(check, report, hard)
        return drawn

    runs.in_each_theme(arguments.folder / "tickets.html", arguments.screenshots, drive)


if __name__ == "__main__":
    main()
