"""Tables of lottery tickets, from copies of what `make ticket-table` writes (its two `tickets.csv`), and `make ticket-transfer`."""

from collections import defaultdict

from grid import lines, mean, spread

METHODS = {
    "imp": "IMP", "prac": "PrAC", "prac-iterations": "PrAC, `--scaling iterations`", "early-bird": "early-bird", "random": "random masks", "snip": "SNIP", "synflow": "SynFlow",
}


def table(raw):
    """Accuracy of tickets of each method at three sparsities, and the steps of finding them as a share of IMP's."""
    found = defaultdict(list)
    for file, suffix in (("tickets", ""), ("tickets-iterations", "-iterations")):
        for line in lines(raw / f"{file}.csv"):
            if line["accuracy"]:
                found[line["method"] + suffix, line["round"]].append(line)
    rounds = sorted({key for method, key in found if method == "imp"}, key=int)
    head = [""]
    for key in rounds:
        head += [f"{100 * float(found['imp', key][0]['sparsity']):.1f} % gone", "steps"]
    rows = [head]
    for method, name in METHODS.items():
        row = [name]
        for key in rounds:
            runs = found[method, key]
            row.append(spread((float(run["accuracy"]) for run in runs), 2))
            row.append(f"{100 * steps(runs) / steps(found['imp', key]):.0f} %")
        rows.append(row)
    return rows, f"Dense: {spread((float(run['accuracy']) for run in found['dense', '0']), 2)}."


def transfer(raw):
    """Tickets found on the images that are critical to another architecture, and on as many random ones."""
    found = defaultdict(list)
    for line in lines(raw / "ticket-transfer.csv"):
        found[line["model"], line["found_by"]].append(line)
    rows = [["model", "found by", "images", "acc@1", "steps of finding it", "of IMP"]]
    for (model, way), runs in sorted(found.items(), key=lambda item: item[0][0], reverse=True):
        whole = steps(found[model, "IMP on all images"])
        accuracy = spread((float(run["accuracy"]) for run in runs), 2)
        share = f"{100 * mean(float(run['share']) for run in runs):.0f} %" if runs[0]["share"] else "by rounds"
        rows.append([model, way, share, accuracy, f"{steps(runs):.0f}", f"{100 * steps(runs) / whole:.0f} %"])
    return rows


def labels(raw):
    """How many of the images that are listed as the hardest have a wrong label."""
    rows = [["draw", "labels that are wrong", "of as many that are listed first", "times chance", "never right", "wrong among them"]]
    for line in lines(raw / "ticket-labels.csv"):
        images, wrong, first, found, never = (int(line[key]) for key in ("images", "flipped", "first", "flipped_of_first", "never_right"))
        share = found / first
        rows.append(
            [line["draw"], f"{wrong:,} of {images:,}", f"{found} ({100 * share:.1f} %)", f"{share * images / wrong:.1f}", f"{never}"]
            + [f"{int(line['flipped_of_never_right'])}"]
        )
    return rows


def steps(runs):
    return mean(float(run["steps"]) for run in runs)
