"""RESULTS.md from results.jsonl and data.jsonl: a section for each kind of processor. Called by peers.py and data.py; standard library only."""

import json
import re
import statistics
from typing import NamedTuple

import peers
from peers import CASES, CONTESTANTS, is_ours

REPORT = peers.HERE / "RESULTS.md"
LEVELS = {"x86-64-v3": "AVX2"}


# What is kept apart


class Processor(NamedTuple):
    """A kind of machine: results of one never stand for another's."""

    cpu: str  # as `peers.cpu_model` has it, without the stepping
    processors: int
    level: str | None

    @staticmethod
    def of(run):
        cpu = re.sub(r", stepping [^;]*", "", run["machine"]["cpu"])
        return Processor(cpu, run["machine"]["processors"], run.get("level"))

    @property
    def title(self):
        held = f", held to {LEVELS.get(self.level, self.level)}" if self.level else ""
        return f"{processor_name(self.cpu)}{held}, {self.processors} processors"


class Setting(NamedTuple):
    """What a run chose for the libraries."""

    kernels: str
    variables: str
    allocator: str

    @staticmethod
    def of(run, case):
        # Memory is measured as libraries come, whatever the speeds beside it are measured with.
        allocator = "default" if CASES[case].memory else run.get("allocator", "tuned")
        return Setting(run["kernels"], " ".join(f"{name}={value}" for name, value in run["variables"].items()), allocator)

    @property
    def title(self):
        which = "with the kernels it chooses"
        if self.kernels != "free":
            which = f"with the kernels of the environment ({self.variables or 'no variable set'})"
        return f"Every library as installed, {which}" if self.allocator == "default" else f"Every library {which}, the peers tuned"

    @property
    def rank(self):
        return (self.kernels != "free", self.allocator != "default", self.variables)


# Processors do not say what people call them. Family, models (None: all), a vector extension that it has, name; the first that fits.
NAMES = (
    (26, None, "avx512f", "Zen 5"),
    (25, None, "avx512f", "Zen 4"),
    (25, None, "", "Zen 3"),
    (23, range(48, 256), "", "Zen 2"),
    (23, None, "", "Zen"),
    (6, (173, 174), "avx512f", "Granite Rapids"),
    (6, (207,), "avx512f", "Emerald Rapids"),
    (6, (143,), "avx512f", "Sapphire Rapids"),
    (6, (106, 108), "avx512f", "Ice Lake"),
    (6, (85,), "avx512_bf16", "Cooper Lake"),
    (6, (85,), "avx512f", "Skylake or Cascade Lake"),
    (6, (79, 71, 86), "avx2", "Broadwell"),
    (6, (60, 63, 69, 70), "avx2", "Haswell"),
)


def processor_name(cpu):
    name, _, details = cpu.partition(" (family ")
    numbers = re.match(r"(\d+), model (\d+); (.*)\)", details)
    if not numbers:
        return cpu
    family, model, vectors = int(numbers[1]), int(numbers[2]), numbers[3].split()
    known = (n for f, models, vector, n in NAMES if f == family and (models is None or model in models) and vector in ("", *vectors))
    return next((f"{found} ({name})" for found in known), f"{name}, family {family}, model {model}")


def read():
    """The runs by name; for each (processor, setting, case) the results of the latest run that holds it; and the operations of an image,
    in units of 10⁹, by case, as this package reports them."""
    runs, latest, operations = {}, {}, {}
    for line in peers.RESULTS.read_text().splitlines():
        record = json.loads(line)
        if record["record"] == "run":
            runs[record["run"]] = record
            continue
        run, case = runs[record["run"]], record["case"]
        key = Processor.of(run), Setting.of(run, case), case
        if key not in latest or latest[key][0]["run"] != record["run"]:
            latest[key] = []
        latest[key].append(record)
        if record.get("gflops"):
            operations[case] = record["gflops"] / record["images_per_second"]
    return runs, latest, operations


# Cells


def values(results, contestant, name):
    return [r[name] for r in results if r["contestant"] == contestant and "error" not in r and r.get(name) is not None]


def figure(value, digits=1):
    return "" if value is None else f"{value:,.{digits}f}"


def speed_figure(value):
    """Images a second, with as many digits as tell two slow ones apart."""
    return "" if value is None else figure(value, 1 if value >= 10 else 2)


def median(found):
    return statistics.median(found) if found else None


def failure(results, contestant):
    """What to say of runs that failed; nothing if none did."""
    errors = [r["error"] for r in results if r["contestant"] == contestant and "error" in r]
    total = sum(r["contestant"] == contestant for r in results)
    return f"failed {len(errors)} of {total} times: {errors[0]}".replace("|", "\\|").replace("\n", " ") if errors else ""


def title_of(contestant, results):
    title = CONTESTANTS[contestant]
    precision = unique([r for r in results if r["contestant"] == contestant], lambda r: r.get("precision"))
    return f"{title}: {precision}" if contestant == "openvino-auto" and precision else title


def unique(results, key):
    return ", ".join(sorted({str(key(r)) for r in results if key(r)}))


def there(results):
    """The contestants of these results, and whether they are set in bold."""
    return [(name, "**" if is_ours(name) else "") for name in CONTESTANTS if any(r["contestant"] == name for r in results)]


# Tables


def table(results):
    ours = [median(values(results, contestant, "images_per_second")) for contestant in ("convit", "convit-bf16")]
    rows = [
        "| | images/s | spread | best step | ours in fp32 is | in bf16 | sgemm, GFLOPS |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for contestant, bold in there(results):
        title, failed = title_of(contestant, results), failure(results, contestant)
        speeds = values(results, contestant, "images_per_second")
        if not speeds:
            rows.append(f"| {title} | {failed} | | | | | |")
            continue
        speed = median(speeds)
        ratios = [f"{mine / speed:.2f} ×" if mine and not is_ours(contestant) else "" for mine in ours]
        own = values(results, contestant, "gemm_gflops") if contestant == "convit" else []  # by its own kernels, in fp32
        sgemm = own or values(results, contestant, "blas_gflops") or values(results, contestant, "gemm_gflops")
        rows.append(
            f"| {bold}{title}{bold}{'; ' + failed if failed else ''} | {bold}{figure(speed)}{bold} | "
            f"{figure(min(speeds))} – {figure(max(speeds))} | {figure(max(values(results, contestant, 'images_per_second_best'), default=None))} | "
            f"{ratios[0]} | {ratios[1]} | {figure(median(sgemm), 0)} |"
        )
    return rows


def sequence_table(found, operations):
    """`found`: the results of each case of a family, which differ in the pixels."""
    rows = [
        "| | pixels | tokens | images/s | ours in fp32 is | GFLOPS | of 224 pixels | peak memory, MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for contestant, bold in there([r for results in found.values() for r in results]):
        base = None
        for key, results in found.items():
            if not any(r["contestant"] == contestant for r in results):
                continue
            pixels, title = CASES[key].pixels, title_of(contestant, results)
            start = f"| {bold}{title}{bold} | {pixels} | {(pixels // 16) ** 2 + 1:,} | "
            speed = median(values(results, contestant, "images_per_second"))
            if speed is None:
                rows.append(start + f"{failure(results, contestant)} | | | | |")
                continue
            ours = median(values(results, "convit", "images_per_second"))
            ratio = f"{ours / speed:.2f} ×" if ours and not is_ours(contestant) else ""
            rate = speed * operations[key] if key in operations else None
            base = rate if pixels == 224 else base
            share = f"{100 * rate / base:.0f} %" if rate and base else ""
            peak = max(values(results, contestant, "peak_rss_mb"), default=None)
            rows.append(start + f"{bold}{speed_figure(speed)}{bold} | {ratio} | {figure(rate, 0)} | {share} | {figure(peak, 0)} |")
    return rows


def memory_table(found):
    """Peak memory of training: every contestant at 32 images, ours also at 1024."""
    rows = ["| | batch | peak memory, MB |", "|---|---:|---:|"]
    for key, results in found.items():
        for contestant, bold in there(results):
            peak = median(values(results, contestant, "peak_rss_mb"))
            cell = failure(results, contestant) if peak is None else f"{bold}{figure(peak, 0)}{bold}"
            rows.append(f"| {bold}{CONTESTANTS[contestant]}{bold} | {CASES[key].batch} | {cell} |")
    return rows


# Sections


def versions(results, runs):
    """What ran: version and matrix kernels of each framework."""
    rows = []
    titles = {"convit": "this package", "torch": "PyTorch", "jax": "JAX", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
    for name, title in titles.items():
        mine = [r for r in results if peers.kind(r["contestant"]) == name and "error" not in r]
        if not mine:
            continue
        version = unique(mine, lambda r: runs[r["run"]]["commit"] if name == "convit" else r.get("version"))
        kernels = unique(mine, lambda r: r.get("products") or r.get("blas") or r.get("kernels")) or "not reported"
        optimiser = unique(mine, lambda r: r.get("optimiser"))
        rows.append(f"- {title} {version}: {kernels}" + (f"; AdamW {optimiser}" if optimiser else ""))
    return rows


def footnote(results, runs, names):
    """When and how it was measured."""
    dates = sorted({r["run"][:16].replace("T", " ") for r in results})
    rounds = max(r["round"] for r in results) + 1
    threads = unique(results, lambda r: r.get("threads")) or "unknown"
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return f"{names}, {when}, {rounds} {'round' if rounds == 1 else 'rounds'}, {threads} threads."


def section(setting, mine, runs, operations):
    """Everything measured with a setting; `mine` has the results by case."""
    everything = [r for results in mine.values() for r in results]
    lines = [f"### {setting.title}", ""]
    if setting.allocator != "default":
        lines += [
            "What their users would have to find out: glibc is told to keep freed memory, and to back JAX's with large pages.", "",
        ]  # fmt: skip
    machines = [runs[r["run"]]["machine"] for r in everything]
    for text in sorted({f"{m['cpu']}, {m['processors']} processors, {m['memory_gb']} GB, {m['os']}, Linux {m['kernel']}." for m in machines}):
        lines += [text, ""]
    lines += [*versions(everything, runs), ""]
    for key, case in CASES.items():
        if key in mine and not case.memory and not case.sequence:
            lines += [f"#### {case.title}", "", *table(mine[key]), "", footnote(mine[key], runs, f"`{key}`"), ""]
    for title in dict.fromkeys(case.title for case in CASES.values() if case.sequence):
        found = {key: mine[key] for key, case in CASES.items() if case.title == title and key in mine}
        if found:
            names = ", ".join(f"`{key}`" for key in found)
            results = [r for results in found.values() for r in results]
            lines += [f"#### {title}", "", *sequence_table(found, operations), "", footnote(results, runs, names), ""]
    peaks = {key: mine[key] for key, case in CASES.items() if case.memory and key in mine}
    if peaks:
        lines += ["#### Memory of training `convit_tiny`", "", *memory_table(peaks), ""]
    return lines


def held(level):
    """How well the contestants are held to a level."""
    return [
        f"This package, PyTorch and JAX may use no more than {LEVELS.get(level, level)} (`--level {level}`). ONNX Runtime has no switch for",
        "that: its MLAS used what it chose. OpenVINO is held in oneDNN, not in its copy of MLAS (`gemm_mlas`) and some loops of its own.",
        "",
    ]


def instructions():
    """The lines about what callgrind counted last, `Benchmarks/callgrind.sh --functions 12 > Benchmarks/instructions.txt`."""
    counts = peers.HERE / "instructions.txt"
    if not counts.is_file():
        return []
    explanation = "`Benchmarks/callgrind.sh`: instructions of one step an image, with the AVX2 variants of all loops; M are millions."
    return ["## Instructions", "", explanation, "", "```", *counts.read_text().splitlines(), "```"]


def render():
    import chart, data  # which import this

    runs, latest, operations = read()
    pipelines = data.latest()
    lines = [
        "# Results",
        "",
        "Written by `Benchmarks/peers.py` from `Benchmarks/results.jsonl`; how it is measured is in [README.md](README.md). Images a second",
        "are the median over the rounds of the median step; the spread is from the slowest to the quickest round; the ratio is of the",
        "medians. sgemm is what the same process reaches in fp32 products of the model's shapes, whatever precision the model runs in.",
        "GFLOPS are the operations of the model's products, as this package counts them, by the time of the whole step.",
        "",
    ]
    found = list(dict.fromkeys([*(processor for processor, _, _ in latest), *pipelines]))
    first = {processor.cpu: index for index, processor in reversed(list(enumerate(found)))}
    for processor in sorted(found, key=lambda p: (first[p.cpu], p.processors, p.level or "")):
        lines += [f"## {processor.title}", "", *(held(processor.level) if processor.level else [])]
        for setting in sorted({s for p, s, _ in latest if p == processor}, key=lambda s: s.rank):
            mine = {key: results for (p, s, key), results in latest.items() if (p, s) == (processor, setting)}
            lines += section(setting, mine, runs, operations)
        if processor in pipelines:
            lines += data.section(pipelines[processor])
    lines += instructions()
    REPORT.write_text("\n".join(lines).rstrip() + "\n")
    chart.render(latest)
