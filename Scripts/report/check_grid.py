#!/usr/bin/env python3
"""Loads the page of a grid in headless Chromium, drives its controls, and holds what it shows against the runs' logs.

    Scripts/report/check_grid.py PAGE GRID [--screenshots DIRECTORY]

Needs what check.py needs. Ends with 1 if the console has an error, a shown value is not the logs', or a control does nothing.
"""

import argparse
import csv
import re
from pathlib import Path
from statistics import mean

from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

import check as runs


def cells(grid):
    """The runs that have ended of each cell, by its name and seed, in the order of runs.csv."""
    with open(grid / "runs.csv", newline="") as file:
        table = [run for run in csv.DictReader(file) if not run.get("error")]
    names = [key for key in ("row", "column") if len({run[key] for run in table}) > 1] or ["row"]
    found = {}
    for run in table:
        folder = grid / "/".join(re.sub("-+", "-", re.sub(r"[^\w.+-]|_", "-", run[key])).strip("-") for key in ("row", "column"))
        folder /= f"seed-{run['seed']}"
        runs_of_cell = found.setdefault(", ".join(run[name] for name in names), {})
        runs_of_cell[run["seed"]] = (runs.lines(folder / "log.jsonl"), runs.lines(folder / "locality.jsonl"))
    return found


def last(lines, key):
    return next((line[key] for line in reversed(lines) if line.get(key) is not None), None)


def page(check, known):
    for choice in ["nothing", *known]:
        Select(check.one("#reference")).select_by_visible_text(choice)
        rows = check.all("#results tr")
        head = [e.text for e in rows[0].find_elements(By.TAG_NAME, "th")]
        check.expect(len(rows) == len(known) + 1, f"{len(rows) - 1} rows for {len(known)} cells")
        for row in rows[1:]:
            name = row.find_element(By.TAG_NAME, "th").text
            if name == choice:
                continue
            cell = row.find_elements(By.TAG_NAME, "td")[head.index("top-1, %") - 1].get_attribute("data-value")
            less = known.get(choice)
            values = []
            for seed, (lines, _) in known[name].items():
                own, other = last(lines, "test_acc1"), last(less[seed][0], "test_acc1") if less and seed in less else None
                if own is not None and (less is None or other is not None):
                    values.append(own - (other or 0))
            same = cell is None if not values else cell is not None and abs(float(cell) - mean(values)) < 1e-9
            check.expect(same, f"{name} less {choice}: {cell} shown, {values} in the logs")
    charts = check.all("#curves .chart")
    check.expect(charts, "no curves")
    for chart in charts:
        bands, paths = (chart.find_elements(By.CSS_SELECTOR, f"svg[role=img] > {path}") for path in ("path.band", "path.ink:not(.band)"))
        check.expect(len(paths) <= len(known) and len(bands) <= len(paths), "more lines than cells")
    chart = next(c for c in charts if c.find_element(By.TAG_NAME, "h3").text == "Training loss")
    by_share = "share" in chart.text
    for share in (-0.3, 0, 0.3):
        place, values = runs.tip(check, chart, share, "training loss")
        for name, value in values.items():
            length = max(lines[-1]["epoch"] for lines, _ in known[name].values()) + 1
            epoch = round(place * length / 100 if by_share else place) - 1
            logged = [line["train_loss"] for lines, _ in known[name].values() for line in lines if line["epoch"] == epoch]
            check.expect(abs(value - mean(logged)) < 1e-9, f"training loss of {name}: {value} shown, {logged} in the logs")
    for option in [o.get_attribute("value") for o in Select(check.one("#layer")).options] if check.one("#locality").is_displayed() else []:
        Select(check.one("#layer")).select_by_value(option)
        titles = [e.text for e in check.all("#layers h3")]
        check.expect(titles and all(f"layer {option}" in title for title in titles), f"layer {option}: {titles}")
        chart = check.all("#layers .chart")[0]
        place, values = runs.tip(check, chart, -0.5, "non-locality")
        for name, value in values.items():
            measured = [mean(survey[0]["report"]["layers"][int(option)]["nonlocality"]) for _, survey in known[name].values() if survey]
            check.expect(abs(value - mean(measured)) < 1e-9, f"non-locality of {name}: {value} shown, {measured} in the logs")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("grid", type=Path)
    parser.add_argument("--screenshots", type=Path)
    arguments = parser.parse_args()

    def drive(check):
        drawn = check.driver.execute_script(runs.DRAWINGS)
        page(check, cells(arguments.grid))
        return drawn

    runs.in_each_theme(arguments.page, arguments.screenshots, drive)


if __name__ == "__main__":
    main()
