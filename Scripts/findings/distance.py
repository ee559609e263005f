"""The tables of the two-corner task: gates by layer beside those of the control, and what a look across the picture is worth."""

from collections import defaultdict

from grid import Grid, deviation, lines, mean, spread

ROW = "20,000 pictures"
QUESTIONS = ("match", "corner")


def gates(raw):
    """Accuracy and gates of both questions, and how many of the control's standard deviations lie between them."""
    grids = {question: Grid(raw / f"distance-{question}.csv") for question in QUESTIONS}
    layers = [key for key in grids["match"].measures if key.startswith("gate_")]
    rows = [["model", "question", "top-1"] + [f"gate, layer {key[5:]}" for key in layers]]
    for column in grids["match"].columns:
        gated = grids["match"].by_seed(ROW, column, "gate_0")
        for question, grid in grids.items():
            if not grid.by_seed(ROW, column):
                continue
            values = [grid.by_seed(ROW, column, key).values() for key in layers]
            rows.append([column, question, spread(grid.by_seed(ROW, column).values())] + [spread(v, 4) for v in values])
        if gated:
            cells = []
            for key in layers:
                of, control = (list(grids[q].by_seed(ROW, column, key).values()) for q in QUESTIONS)
                far = len(of) > 1 and deviation(control) > 0
                cells.append(f"{(mean(of) - mean(control)) / deviation(control):+.1f}".replace("-", "−") if far else "–")
            rows.append([column, "difference, in deviations of the control", ""] + cells)
    return rows


def knockouts(raw):
    """By how many points accuracy changes without a look farther than three patches."""
    found = defaultdict(list)
    for line in lines(raw / "distance-knockout.csv"):
        if line["part"] != "nothing":
            found[line["column"], line["question"], line["part"]].append(float(line["difference"]))
    parts = list(dict.fromkeys(part for _, _, part in found))
    names = [part.replace("blocks.", "layer ").replace(".attn", "") for part in parts]
    rows = [["model", "question"] + names]
    for column, question in dict.fromkeys((column, question) for column, question, _ in found):
        rows.append([column, question] + [spread(found[column, question, part]).replace("-", "−") for part in parts])
    return rows
