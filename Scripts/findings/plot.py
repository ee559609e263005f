"""Pictures of a few lines with error bars, as SVG."""

from html import escape
from math import log10

from grid import deviation, mean

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 300, 68, 130, 16, 44
COLOURS = ["#2f6fdf", "#b45309", "#6b7280", "#0f766e", "#be185d"]  # each 3 : 1 and more on white


def ticks(low, high):
    """About five round numbers from low to high."""
    step = 10 ** int(log10(max(high - low, 1e-9)) // 1)
    while (high - low) / step < 4:
        step /= 2
    first = int(low // step)
    return [i * step for i in range(first, int(high // step) + 2) if low - 1e-9 <= i * step <= high + 1e-9]


def apart(places, least=14):
    """Places of names, moved down where they would lie on each other."""
    moved, lowest = dict.fromkeys(range(len(places)), 0.0), float("-inf")
    for i in sorted(moved, key=lambda i: places[i]):
        moved[i] = lowest = max(places[i], lowest + least)
    return list(moved.values())


def lines(y_label, x_label, xs, series, title, is_logarithmic=True):
    """Means and standard deviations of samples at each x; a logarithmic axis has a mark at each, and starts at 0 upwards."""
    means = {name: [(mean(sample), deviation(sample)) for sample in samples] for name, samples in series.items()}
    ends = [value + sign * spread for points in means.values() for value, spread in points for sign in (-1, 1)]
    low, high = (min(ends + [0]), max(ends + [0])) if is_logarithmic else (min(ends), max(ends))
    pad = (high - low) * 0.06
    low, high = low - (0 if low == 0 else pad), high + pad
    place = log10 if is_logarithmic else float

    def x(value):
        first, last = place(min(xs)), place(max(xs))
        return LEFT + 12 + (WIDTH - LEFT - RIGHT - 24) * (place(value) - first) / (last - first)

    def y(value):
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="#111827" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    marks = ticks(low, high)
    digits = max(len(f"{value:g}".partition(".")[2]) for value in marks)
    for value in marks:
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#e5e7eb"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.{digits}f}</text>')
    for value in xs if is_logarithmic else ticks(min(xs), max(xs)):
        out.append(f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{value:g}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_label)}</text>')
    out.append(
        f'<text transform="translate(12 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)" text-anchor="middle">{escape(y_label)}</text>'
    )
    names = apart([y(points[-1][0]) for points in means.values()])
    for colour, name_y, (name, points) in zip(COLOURS, names, means.items()):
        path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, (value, _) in zip(xs, points))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for at, (value, spread) in zip(xs, points):
            out.append(
                f'<line x1="{x(at):.1f}" x2="{x(at):.1f}" y1="{y(value - spread):.1f}" y2="{y(value + spread):.1f}" stroke="{colour}"/>'
            )
            out.append(f'<circle cx="{x(at):.1f}" cy="{y(value):.1f}" r="3.5" fill="{colour}"/>')
        out.append(f'<text x="{x(xs[-1]) + 16:.1f}" y="{name_y + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join(out + ["</svg>"]) + "\n"
