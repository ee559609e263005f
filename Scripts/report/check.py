#!/usr/bin/env python3
"""Loads the page of a run in headless Chromium, drives its controls, and holds what it shows against the run's logs.

    Scripts/report/check.py RUN/report.html RUN [--screenshots DIRECTORY]

Needs Debian's chromium and chromium-driver, and selenium (Scripts/report/environment.sh). Ends with 1 if the console has an error, a
shown value is not the log's, or a control does nothing.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def browser(width, height, dark):
    options = webdriver.ChromeOptions()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--window-size={width},{height}", "--hide-scrollbars"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.binary_location = "/usr/bin/chromium"
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    return driver


class Check:
    def __init__(self, driver):
        self.driver, self.count, self.faults = driver, 0, []

    def expect(self, holds, what):
        self.count += 1
        if not holds:
            self.faults.append(what)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def slide(self, selector, value):
        script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))"
        self.driver.execute_script(script, self.one(selector), value)

    def choose(self, selector, index):
        """The run of this index, if the page has several to choose from."""
        for choice in self.all(selector):
            if choice.is_displayed():
                Select(choice).select_by_value(str(index))

    def wait(self, condition, what):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.01)
        self.faults.append(f"{what}: not within ten seconds")


def near(a, b):
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b))


def tip(check, chart, share, name):
    """What is under the pointer at a share of a chart's width from its middle: the place, and values by series."""
    svg = chart.find_element(By.TAG_NAME, "svg")
    check.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", svg)
    ActionChains(check.driver).move_to_element_with_offset(svg, int(share * svg.size["width"]), 0).perform()
    shown = chart.find_element(By.CSS_SELECTOR, ".tip")
    check.expect(shown.is_displayed(), f"{name}: no values under the pointer")
    place = float(shown.text.splitlines()[0].split()[-1])
    lines = shown.find_elements(By.CSS_SELECTOR, "[data-series]")
    return place, {line.get_attribute("data-series"): float(line.get_attribute("data-value")) for line in lines}


def curves(check, logs):
    """Points at places of each chart; what the tip says is in the log."""
    known = {
        "Loss": {"train": "train_loss", "test": "test_loss"},
        "Accuracy, %": {"top-1": "test_acc1", "top-5": "test_acc5"},
        "Learning rate": {"rate": "train_lr"},
    }
    for chart in check.all("#curves .chart"):
        title = chart.find_element(By.TAG_NAME, "h3").text
        if title not in known:
            continue
        for share in (-0.35, 0.1, 0.4):
            place, shown = tip(check, chart, share, title)
            epoch = int(place)
            for run, log in logs.items():
                record = next((r for r in log if r["epoch"] == epoch - 1), {})
                for name, key in known[title].items():
                    found = shown.get(f"{run}: {name}" if len(logs) > 1 else name)
                    check.expect(found == record.get(key), f"{title}, {run}, epoch {epoch}: {found} shown, {record.get(key)} logged")


# Keeps what a page saves, in the place of the browser's folder of downloads.
CATCH = """
window.saved = [];
URL.createObjectURL = (blob) => { blob.text().then((text) => window.saved.push(text)); return 'data:,'; };
"""


def tools(check):
    """Legends switch series, axes and lines change, and pictures and numbers can be saved."""
    check.driver.execute_script(CATCH)

    def saved(button):
        check.driver.execute_script("window.saved.length = 0")
        button.click()
        check.wait(lambda: check.driver.execute_script("return window.saved.length") == 1, "a file that is saved")
        return check.driver.execute_script("return window.saved[0] ?? ''")

    for index, chart in enumerate(check.all("#curves .chart, #locality-charts .chart")):
        find = lambda selector: chart.find_elements(By.CSS_SELECTOR, selector)
        name = chart.find_element(By.TAG_NAME, "h3").text
        check.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
        lines, labels = lambda: len(find("svg[role] > path.ink")), lambda: [text.text for text in find("svg[role] > text")]
        before, first = lines(), labels()
        csv = saved(find(".tools button")[1]).splitlines()
        picture = saved(find(".tools button")[0])
        check.expect(csv[0].startswith("series,") and len(csv) > 1, f"{name}: no numbers are saved")
        check.expect(picture.startswith("<svg") and picture.count("<path") == before and "class=" not in picture, f"{name}: not the picture")
        if entries := find(".legend button"):
            entries[0].click()
            check.expect(lines() < before, f"{name}: the legend switches nothing off")
            check.expect(labels() == first, f"{name}: the axes moved with a series that was switched off")
            fewer = saved(find(".tools button")[1]).splitlines()
            check.expect(len(fewer) < len(csv), f"{name}: a series that was switched off is saved")
            find(".legend button")[0].click()
            check.expect(lines() == before, f"{name}: the legend switches nothing on")
        if boxes := find(".tools input"):
            boxes[0].click()
            check.expect(labels() != first and lines() == before, f"{name}: no logarithmic axis")
            find(".tools input")[0].click()
        if find(".tools select"):
            Select(find(".tools select")[0]).select_by_index(2)
            check.expect(lines() == 2 * before, f"{name}: nothing is smoothed")
            Select(find(".tools select")[0]).select_by_index(0)
        check.expect((lines(), labels()) == (before, first), f"{name}: not as it was at first")


def tables(check, locality):
    """Every measure at the first and last epoch."""
    select = Select(check.one("#measure"))
    for measure in [o.get_attribute("value") for o in select.options]:
        select.select_by_value(measure)
        for place in {0, len(locality) - 1}:
            check.slide("#locality-epoch", place)
            shown = [float(e.get_attribute("data-value")) for e in check.all("#heads [data-value]")]
            layers = locality[place]["report"]["layers"]
            if measure == "center_length":
                logged = [(x * x + y * y) ** 0.5 for layer in layers for x, y in layer["center"]]
            elif measure == "similarity":
                logged = [(sum(row) - row[h]) / (len(row) - 1) for layer in layers for h, row in enumerate(layer["similarity"])]
            elif measure == "strength":
                logged = [p["strength"] for layer in layers for p in layer.get("positional") or []]
            else:
                logged = [v for layer in layers for v in layer.get(measure) or []]
            same = len(shown) == len(logged) and all(abs(a - b) <= 1e-12 * max(abs(b), 1) for a, b in zip(shown, logged))
            check.expect(same and shown, f"{measure}, record {place}: the table is not what was logged")


def comparison(check, runs):
    """The first run beside the second: differences of what heads measure, and maps."""
    first, second = (lines(run / "locality.jsonl") for run in runs[:2])
    check.choose("#locality-run", 0)
    if not check.one("#locality-other").is_displayed():
        return
    check.choose("#locality-other", 1)
    Select(check.one("#measure")).select_by_value("nonlocality")
    check.slide("#locality-epoch", len(first) - 1)
    shown = [float(e.get_attribute("data-value")) for e in check.all("#heads [data-value]")]
    ends = [[v for layer in records[-1]["report"]["layers"] for v in layer["nonlocality"]] for records in (first, second)]
    wanted = [a - b for a, b in zip(*ends)]
    check.expect(len(shown) == len(wanted) and all(map(near, shown, wanted)), "the difference of two runs is not that of their logs")
    legend = [e.text for e in check.all("#locality-charts .chart .legend")]
    check.expect(all(f"{run.resolve().name}: layer 0" in legend[0] for run in runs[:2]), "a chart lacks one of two runs")
    Select(check.one("#locality-other")).select_by_index(0)
    if not check.one("#map-other").is_displayed():
        return
    check.choose("#map-run", 0)
    check.choose("#map-other", 1)
    heads = len(check.all("#map-heads canvas"))
    check.wait(lambda: len(check.all("#map-comparison canvas")) == 2 * heads, "maps of another run")
    captions = check.one("#map-comparison").text
    check.expect(runs[1].resolve().name in captions and "more (red)" in captions, "maps of another run are not named")


def symmetry(check, report):
    """What symmetry.json has by class, by layer, by motion and by gate; what it has not is not shown."""
    groups = report["groups"]
    order = sorted(range(len(groups[-1]["classes"])), key=lambda i: -groups[-1]["classes"][i]["gain"])[:20]
    shown = [float(e.get_attribute("data-value")) for e in check.all("#symmetry-classes [data-value]")]
    check.expect(shown == [g["classes"][i]["gain"] for i in order for g in groups], "symmetry: gains by class are not those of the file")
    for part, key in (("layer", "layers"), ("lie", "lie"), ("sweep", "gate_sweep")):
        element = check.one(f"#symmetry-by-{part}" if part == "layer" else f"#symmetry-{part}")
        check.expect(element.is_displayed() == bool(report.get(key)), f"symmetry: {key} is shown, or not, without cause")
    if layers := report.get("layers"):
        title = check.one("#symmetry-layers-title").text
        check.expect(title == f"By layer, averaged over {report['layers_group']}", f"symmetry: the title is {title}")
        check.expect(len(check.all("#symmetry-layers tr")) == len(layers) + 1, "symmetry: not a row a layer")
        check.expect(len(check.all("#symmetry-layer-chart svg[role]")) == 1, "symmetry: no chart by layer")
    if lie := report.get("lie"):
        found = [e.get_attribute("data-value") for e in check.all("#symmetry-motions [data-value]")]
        known = [m.get(key) for m in lie["motions"] for key in ("logits", "stem")]
        check.expect([float(v) if v else None for v in found] == known, "symmetry: Lie derivatives are not those of the file")
        check.expect(len(check.all("#symmetry-motion-charts svg[role]")) == len(lie["motions"]), "symmetry: not a chart a motion")
    if sweep := report.get("gate_sweep"):
        charts = check.all("#symmetry-sweep-charts .chart")
        count = 4 if "turns" in sweep["points"][0]["layers"][0] else 3
        check.expect(len(charts) == count, "symmetry: charts of the sweep are missing")
        for chart in charts:
            lines = chart.find_elements(By.CSS_SELECTOR, "svg[role] > path.ink")
            check.expect(len(lines) == len(sweep["points"][0]["layers"]), "symmetry: not a line a layer")


def maps(check):
    """Layers, epochs, images, heads and queries can be chosen; returns the slowest redraw in seconds."""
    state = lambda: check.one("#maps").get_attribute("data-shown")
    pixels = lambda: check.driver.execute_script("return [...document.querySelectorAll('#map-view canvas')].map((c) => c.toDataURL()).join()")
    check.wait(lambda: state() is not None, "the first map")
    slowest = 0
    layers, epochs = (int(check.one(f"#map-{name}").get_attribute("max")) for name in ("layer", "epoch"))
    images = len(Select(check.one("#map-image")).options)

    def change(what, action):
        nonlocal slowest
        before, start = (state(), pixels()), time.monotonic()
        action()
        check.wait(lambda: state() != before[0], what)
        slowest = max(slowest, time.monotonic() - start)
        check.expect(pixels() != before[1], f"{what}: the maps did not change")

    for layer in range(1, layers + 1):
        change(f"layer {layer}", lambda: check.slide("#map-layer", layer))
    for place in range(epochs)[:3]:
        change(f"record {place}", lambda: check.slide("#map-epoch", place))
    for image in range(1, images):
        change(f"image {image}", lambda: Select(check.one("#map-image")).select_by_index(image))
    query = check.one("#map-query")
    change("a query that is clicked", lambda: ActionChains(check.driver).move_to_element_with_offset(query, -40, -30).click().perform())
    change("an arrow key", lambda: query.send_keys(Keys.ARROW_RIGHT))
    before = pixels()
    Select(check.one("#map-scale")).select_by_value("linear")
    check.one("#map-over").click()
    check.wait(lambda: pixels() != before, "scale and image behind")
    check.expect(check.all("#map-bar text"), "the colour bar has no numbers")
    check.one("#map-own").click()
    check.wait(lambda: not check.all("#map-bar text"), "a scale for each head")
    check.one("#map-own").click()
    check.wait(lambda: check.all("#map-bar text"), "one scale for all heads")
    heads = check.all("#map-heads canvas")
    heads[-1].click()
    check.wait(lambda: state().split()[3] == str(len(heads) - 1), "the head that was clicked")
    return slowest


# Texts that are not within their drawing, labels that meet, epochs and steps below 0, and lines with a contrast of less than 3 : 1 (WCAG 2).
DRAWINGS = """
const faults = [];
const channel = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
const luminance = (css) => {
  const [r, g, b] = css.match(/[\\d.]+/g).map(Number);
  return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
};
const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
let lines = 0;
for (const chart of document.querySelectorAll(".chart")) {
  const title = chart.querySelector("h3").textContent;
  const ground = luminance(getComputedStyle(chart).backgroundColor);
  for (const line of chart.querySelectorAll(".ink:not(.band)")) {
    const style = getComputedStyle(line);
    const color = line.localName === "path" ? style.stroke : style.fill;
    const found = contrast(luminance(color), ground);
    lines += 1;
    if (found < 3) faults.push(`${title}: a line of ${color} has a contrast of ${found.toFixed(2)}`);
  }
  const svg = chart.querySelector("svg").getBoundingClientRect();
  const rows = {};
  for (const text of chart.querySelectorAll("svg text")) {
    const box = text.getBoundingClientRect();
    const isWithin = box.left >= svg.left && box.right <= svg.right && box.top >= svg.top && box.bottom <= svg.bottom;
    if (!isWithin) faults.push(`${title}: "${text.textContent}" is cut`);
    if (text.getAttribute("text-anchor") !== "middle") continue;
    if (/^[-\u2212]/.test(text.textContent)) faults.push(`${title}: a tick at ${text.textContent}`);
    (rows[text.getAttribute("y")] ??= []).push(box);
  }
  for (const boxes of Object.values(rows)) {
    boxes.sort((a, b) => a.left - b.left);
    boxes.slice(1).forEach((box, i) => { if (box.left < boxes[i].right + 1) faults.push(`${title}: labels meet`); });
  }
}
return [lines, faults];
"""


def drawings(check, name):
    """Every chart can be read: by its colours, light or dark, and its numbers."""
    lines, faults = check.driver.execute_script(DRAWINGS)
    check.expect(lines > 0, f"{name}: no lines")
    check.count += lines
    check.faults += [f"{name}: {fault}" for fault in faults]


def in_each_theme(page, screenshots, drive):
    """Opens a page light, dark and on a narrow screen, and ends the program: with 1 if there are faults.

    `drive` is given a Check; it looks at the page, and returns what DRAWINGS found there.
    """
    faults = []
    for name, width, dark in (("light", 1300, False), ("dark", 1300, True), ("narrow", 390, False)):
        driver = browser(width, 1200, dark)
        driver.get(page.resolve().as_uri())
        check = Check(driver)
        lines, drawn = drive(check)
        found = [f"{name}: {fault}" for fault in check.faults + drawn]
        if driver.execute_script("return document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{name}: the page is wider than the window")
        found += [f"{name}: {entry['message']}" for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
        if screenshots:
            screenshots.mkdir(parents=True, exist_ok=True)
            height = driver.execute_script("return document.documentElement.scrollHeight")
            driver.set_window_size(width, min(height + 100, 4000))
            driver.save_screenshot(str(screenshots / f"{page.stem}-{name}.png"))
        driver.quit()
        print(f"{name}: {check.count} checks, {lines} drawn in colour, {len(found)} faults")
        faults += found
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path)
    parser.add_argument("run", type=Path, nargs="+")
    parser.add_argument("--screenshots", type=Path)
    options = parser.parse_args()
    logs = {run.resolve().name: lines(run / "log.jsonl") for run in options.run}
    checked, faults, slowest = 0, [], 0
    for name, width, height, dark in (("desk", 1280, 900, False), ("phone-dark", 400, 800, True)):
        driver = browser(width, height, dark)
        try:
            check = Check(driver)
            driver.get(options.page.resolve().as_uri())
            drawings(check, name)
            if name == "desk":
                curves(check, logs)
                tools(check)
                if len(options.run) > 1:
                    comparison(check, options.run)
                for index, run in enumerate(options.run):
                    if locality := lines(run / "locality.jsonl"):
                        check.choose("#locality-run", index)
                        tables(check, locality)
                    if (run / "symmetry.json").exists():
                        check.choose("#symmetry-run", index)
                        symmetry(check, json.loads((run / "symmetry.json").read_text()))
                    if (run / "attention").exists():
                        check.choose("#map-run", index)
                        slowest = max(slowest, maps(check))
            wide = driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
            check.expect(wide <= 0, f"{name}: the page is {wide} pixels wider than the window")
            errors = [e["message"] for e in driver.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]
            check.expect(not errors, f"{name}: the console says {errors[:3]}")
            if options.screenshots:
                options.screenshots.mkdir(parents=True, exist_ok=True)
                driver.set_window_size(width, driver.execute_script("return document.documentElement.scrollHeight") + 100)
                driver.save_screenshot(str(options.screenshots / f"{name}.png"))
            checked += check.count
            faults += check.faults
        finally:
            driver.quit()
    for fault in faults:
        print(f"report: {fault}", file=sys.stderr)
    print(f"{checked} checks, {len(faults)} faults; slowest change of a map {1000 * slowest:.0f} ms")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
