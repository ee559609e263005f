"""Makes tables and pictures of docs/EXPERIMENTS.md from the raw numbers in docs/experiments.

    python3 Scripts/findings/findings.py            write them
    python3 Scripts/findings/findings.py --check    say what is not as the numbers make it, and end with 1

What stands between `<!-- NAME -->` and `<!-- end -->` in the document is made here; the words around it are not. Standard library only.
"""

import argparse
import sys
from pathlib import Path

import again
import distance
import escape
import others
import plot
import pruning
import scores
import students
import symmetry
import systems
import tickets
from grid import Grid, deviation, mean, spread
from statistic import page

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENT = REPOSITORY / "docs/EXPERIMENTS.md"
RAW = REPOSITORY / "docs/experiments"


def markdown(rows):
    """A table of cells, the head first; columns of numbers are aligned at the right."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    numbers = [all(cell[:1] in "0123456789+−–" or not cell for cell in column) and any(column) for column in list(zip(*rows[1:]))]
    rule = "|" + "".join("---:|" if is_number and place else "---|" for place, is_number in enumerate(numbers))
    return "\n".join([lines[0], rule] + lines[1:])


def sample_efficiency(name):
    """The table, the picture and the trend of the gap between ConViT and DeiT."""
    grid = Grid(RAW / f"{name}.csv")
    rows, gaps = [["images", "DeiT", "ConViT", "gap, points", "of DeiT's"]], {}
    looks = "nonlocality" in grid.measures
    if looks:
        rows[0] += ["non-locality DeiT", "non-locality ConViT"]
    for fraction in grid.rows:
        cells = {column: grid.by_seed(fraction, column) for column in ("DeiT", "ConViT")}
        gap = gaps[fraction] = [cells["ConViT"][seed] - deit for seed, deit in sorted(cells["DeiT"].items()) if seed in cells["ConViT"]]
        assert len(gap) == len(grid.seeds), f"{name}: runs of {fraction} are missing"
        row = [fraction] + [spread(cells[column].values()) for column in cells] + [spread(gap)]
        row.append(f"{100 * mean(gap) / mean(cells['DeiT'].values()):.1f} %")
        rows.append(row + [spread(grid.by_seed(fraction, column, "nonlocality").values(), 2) for column in cells if looks])
    seeds = list(zip(*gaps.values()))
    statistic, p = page(seeds)
    words = (
        f"Page's test of a gap that falls as images are added, {len(seeds)} seeds and {len(gaps)} sizes: "
        f"L = {statistic:g}, p = {p:.2g} (exact, one-sided)."
    )
    shares = [float(fraction.split()[0]) for fraction in gaps]
    picture = plot.lines(
        "gap in top-1, points", "images, % of 60,000 (logarithmic)",
        shares,
        {"ConViT less DeiT": list(gaps.values())},
        "Top-1 of ConViT less that of DeiT, by the share of the images: mean and standard deviation over seeds",
    )
    link = f"![The gap against the share of the images](experiments/{name}.svg)"
    return {name: "\n\n".join([markdown(rows), link, words])}, {f"{name}.svg": picture}


def ablation(name):
    """The rows beside each other, and their differences to the first, paired by seed."""
    grid = Grid(RAW / f"{name}.csv")
    first = grid.rows[0]
    rows = [[""] + [f"Top-1, {column}" for column in grid.columns] + [f"less {first}, {column}" for column in grid.columns]]
    for row in grid.rows:
        cells = [spread(grid.by_seed(row, column).values()) for column in grid.columns]
        for column in grid.columns:
            own, reference = grid.by_seed(row, column), grid.by_seed(first, column)
            differences = [own[seed] - reference[seed] for seed in sorted(own) if seed in reference]
            cells.append("" if row == first else f"{mean(differences):+.1f} ± {deviation(differences):.1f}".replace("-", "−"))
        rows.append([row] + cells)
    return {name: markdown(rows)}, {}


def clips(name):
    """The accuracy of each model of moving clothes."""
    grid = Grid(RAW / f"{name}.csv")
    (column,) = grid.columns
    bars = dict.fromkeys(grid.rows, "at least 95") | {
        "space": "at most 50: the logits of a clip and its reverse are equal", "ConViT, divided": "",
    }
    rows = [["attention", *(f"seed {seed}" for seed in grid.seeds), "must be"]]
    for row in grid.rows:
        found = grid.by_seed(row, column)
        rows.append([row, *(f"{found[seed]:.1f}" for seed in grid.seeds), bars[row]])
    return {name: markdown(rows)}, {}


def pruned(name):
    """What pruned models lose, and what training brings back."""
    return {name: markdown(pruning.table(RAW, ["fashion", "fashion-deit"]))}, {}


def looked_across(name):
    """Gates where a task takes a look across the picture, and what that look is worth."""
    return {"distance": markdown(distance.gates(RAW)), name: markdown(distance.knockouts(RAW))}, {}


def of_systems(make):
    """A table that one system gives of another's models."""
    return lambda name: ({name: markdown(make(RAW))}, {})


def of_systems_in_words(make):
    """Such a table with a sentence below."""
    def section(name):
        rows, words = make(RAW)
        return {name: f"{markdown(rows)}\n\n{words}"}, {}

    return section


def escaped(name):
    """Non-locality and gates of each layer along a training."""
    pictures = escape.pictures(RAW)
    links = [f"![{words} of each layer along the training](experiments/{file})" for words, file in zip(("Non-locality", "Gates"), pictures)]
    return {name: "\n\n".join([markdown(escape.table(RAW)), *links])}, pictures


def averaged(name):
    """What averaging over nine groups gains."""
    tables, words = symmetry.groups(RAW)
    return {name: "\n\n".join([*map(markdown, tables), words])}, {}


def moved(name):
    """How layers move with turned images, and logits with small motions."""
    return {"symmetry-layers": markdown(symmetry.layers(RAW)), name: markdown(symmetry.motions(RAW))}, {}


FINDINGS = {
    "sample-efficiency-quick": sample_efficiency,
    "sample-efficiency-middle": sample_efficiency,
    "ablation-quick": ablation,
    "ablation-middle": ablation,
    "across-masked": of_systems_in_words(systems.masked),
    "across-pruned": of_systems(systems.pruned),
    "across-tickets": of_systems(systems.tickets),
    "across-symmetry": of_systems_in_words(systems.symmetry),
    "across-scores": of_systems(systems.scores),
    "again": of_systems(again.table),
    "escape": escaped,
    "symmetry-groups": averaged,
    "symmetry-motions": moved,
    "symmetry-gates": of_systems_in_words(symmetry.gates),
    "students": of_systems(students.table),
    "distance-knockout": looked_across,
    "pruning-retrained": pruned,
    "scores-a": of_systems_in_words(scores.table),
    "scores-48": of_systems(scores.calibrated),
    "others-regression": of_systems(others.predicted),
    "others-scores": of_systems(others.table),
    "tickets": of_systems_in_words(tickets.table),
    "ticket-transfer": of_systems(tickets.transfer),
    "ticket-labels": of_systems(tickets.labels),
    "moving-clothes": clips,
}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="write nothing")
    options = options.parse_args()
    wanted, text = {}, DOCUMENT.read_text()
    for name, make in FINDINGS.items():
        if not (RAW / f"{name}.csv").exists():
            if f"<!-- {name} -->\n" in text:
                sys.exit(f"findings: {DOCUMENT.name} has a table {name}, and {RAW.relative_to(REPOSITORY)} no {name}.csv")
            continue  # not measured yet
        tables, pictures = make(name)
        for table, lines in tables.items():
            if f"<!-- {table} -->\n" not in text:
                sys.exit(f"findings: {DOCUMENT.name} has no line <!-- {table} -->, behind which this table stands")
            head, rest = text.split(f"<!-- {table} -->\n", 1)
            old, end, rest = rest.partition("<!-- end -->")
            if not end or "<!--" in old:
                sys.exit(f"findings: {DOCUMENT.name} has no <!-- end --> behind the table {table}")
            text = f"{head}<!-- {table} -->\n{lines}\n<!-- end -->{rest}"
        wanted |= {REPOSITORY / "docs/experiments" / file: picture for file, picture in pictures.items()}
    wanted[DOCUMENT] = text
    stale = [path for path, content in wanted.items() if not path.exists() or path.read_text() != content]
    for path in stale:
        print(f"{'not as the raw numbers make it' if options.check else 'wrote'}: {path.relative_to(REPOSITORY)}")
        if not options.check:
            path.write_text(wanted[path])
    sys.exit(1 if options.check and stale else 0)


if __name__ == "__main__":
    main()
