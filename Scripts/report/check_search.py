#!/usr/bin/env python3
"""Loads the page of a search in headless Chromium, drives its controls, and holds what it shows against search.json.

    Scripts/report/check_search.py OUT [--screenshots DIRECTORY]

Needs what check.py needs. Ends with 1 if the console has an error, a shown value is not the file's, or a control does nothing.
"""

import argparse
import json
from pathlib import Path

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

import check as runs


def points(check, chart, known, name):
    """Each dot is a trained candidate; the one under the pointer says its values."""
    dots = check.all(f"{chart} circle")
    check.expect({d.get_attribute("data-name") for d in dots} == set(known), f"{name}: the dots are not the trained candidates")
    for dot in dots[:3]:
        check.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", dot)
        ActionChains(check.driver).move_to_element(dot).perform()
        tip = check.one(f"{chart} .tip")
        check.expect(tip.is_displayed(), f"{name}: no values under the pointer")
        shown = tip.find_element(By.CSS_SELECTOR, "[data-x]")
        found = (float(shown.get_attribute("data-x")), float(shown.get_attribute("data-y")))
        title = tip.text.splitlines()[0]
        check.expect(known.get(title) == found, f"{name}, {title}: {found} shown, {known.get(title)} in the file")


def page(check, report):
    trained = [c for c in report["candidates"] if c["is_complete"]]

    def known(score):
        return {c["name"]: (c["scores"][score], c["accuracy"]) for c in trained if score in c["scores"]}

    taus = [float(e.get_attribute("data-value")) for e in check.all("#scores [data-value]")]
    check.expect(taus == [c["tau"] for c in report["correlations"]], "the table of scores is not that of the file")
    scores = Select(check.one("#score"))
    check.expect(len(scores.options) >= 5, "scores cannot be chosen")
    for value in [o.get_attribute("value") for o in scores.options]:
        scores.select_by_value(value)
        tau = next((c["tau"] for c in report["correlations"] if c["score"] == value), None)
        title = check.one("#score-chart h3").text
        text = f"τ = {tau:.2f}".replace("-", "−") if tau is not None else value
        check.expect(text in title and value in title, f"{value}: the title is {title}")
        points(check, "#score-chart", known(value), value)
    costs = Select(check.one("#cost"))
    for front in report["fronts"]:
        costs.select_by_value(front["cost"])
        points(check, "#front-chart", known(front["cost"]), front["cost"])
        lines = check.all("#front-chart path.ink")
        check.expect(len(lines) == (len(front["candidates"]) > 1), f"{front['cost']}: not one line for the front")
    rows = check.all("#candidates tr")
    check.expect(len(rows) - 1 == min(25, len(report["candidates"])), "not a row a candidate")
    if len(report["candidates"]) > 25:
        check.one("#more button").click()
        check.expect(len(check.all("#candidates tr")) - 1 == len(report["candidates"]), "not all candidates are shown")
    accuracies = [e.get_attribute("data-value") for e in check.all("#candidates [data-value]")]
    expected = [c.get("accuracy") for c in report["candidates"]]
    check.expect([float(v) if v else None for v in accuracies] == expected, "accuracies are not those of the file")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--screenshots", type=Path)
    arguments = parser.parse_args()
    report = json.loads((arguments.folder / "search.json").read_text())

    def drive(check):
        page(check, report)
        return check.driver.execute_script(runs.DRAWINGS)

    runs.in_each_theme(arguments.folder / "search.html", arguments.screenshots, drive)


if __name__ == "__main__":
    main()
