"""docs/speed.svg, the bars of the README, from results.jsonl. Called by report.py; standard library only."""

from html import escape

import peers
import report

CHART = peers.REPOSITORY / "docs" / "speed.svg"
PANELS = {"train-tiny-32": "Training", "infer-tiny-32": "Prediction"}
# Who has a bar, by what a reader knows it as; of several, the quickest is shown.
BARS = {
    "this package, bf16": ["convit-bf16"],
    "this package": ["convit"],
    "PyTorch": ["torch", "torch-compiled"],
    "PyTorch, bf16": ["torch-bf16", "torch-bf16-compiled"],
    "JAX": ["jax"],
    "ONNX Runtime": ["onnxruntime"],
    "OpenVINO": ["openvino"],
    "OpenVINO, bf16": ["openvino-auto"],
}
WIDTH, NAME, BAR, LINE, GAP = 760, 118, 190, 18, 46


def speeds(results):
    """Images a second of each bar that was measured."""
    found = {}
    for title, contestants in BARS.items():
        medians = [report.median(report.values(results, name, "images_per_second")) for name in contestants]
        if any(medians):
            found[title] = max(filter(None, medians))
    return found


def panel(x, y, title, bars):
    """Bars of one case on one processor, all to the scale of its longest."""
    lines, longest = [f'<text x="{x}" y="{y}" font-weight="bold">{escape(title)}</text>'], max(bars.values())
    for row, (name, speed) in enumerate(sorted(bars.items(), key=lambda bar: -bar[1])):
        top, length = y + 10 + row * LINE, BAR * speed / longest
        colour = "#2f6fdf" if name.startswith("this") else "#9aa3ad"
        lines += [
            f'<text x="{x + NAME - 6}" y="{top + 11}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{x + NAME}" y="{top}" width="{length:.1f}" height="{LINE - 4}" rx="2" fill="{colour}"/>',
            f'<text x="{x + NAME + length + 5:.1f}" y="{top + 11}">{speed:.0f}</text>',
        ]
    return lines, len(bars) * LINE


def render(latest):
    """The latest results of the chart's cases on each processor at its own level, as installed where both are there."""
    found = {}
    for (processor, setting, case), results in latest.items():
        if processor.level is None and setting.kernels == "free" and case in PANELS:
            mine = found.setdefault(processor, {})
            if case not in mine or setting.allocator == "default":
                mine[case] = results
    drawn, y = [], 24
    for processor, cases in found.items():
        drawn.append(f'<text x="8" y="{y}" font-size="14" font-weight="bold">{escape(processor.title)}</text>')
        tallest = 0
        for column, (case, title) in enumerate(PANELS.items()):
            if case in cases:
                lines, height = panel(8 + column * WIDTH // 2, y + 22, f"{title}, images a second", speeds(cases[case]))
                drawn, tallest = drawn + lines, max(tallest, height)
        y += tallest + 22 + GAP
    height = y - GAP + 24
    CHART.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="sans-serif" font-size="12" fill="#222">\n<title>convit_tiny at 224 × 224, batches of 32</title>\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )
