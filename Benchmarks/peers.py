#!/usr/bin/env python3
"""Times `convit bench` and what one would use instead, in turn, and writes Benchmarks/RESULTS.md.

    python3 Benchmarks/peers.py                                all cases, three rounds of each
    python3 Benchmarks/peers.py --only train-tiny-32 --rounds 5 --seconds 20
    python3 Benchmarks/peers.py --list                         the cases and the contestants
    python3 Benchmarks/peers.py --render                       RESULTS.md again from results.jsonl, nothing is run

Every measurement is a process of its own; a round is one of each contestant, ours first. Each line of JSON that a process prints is
appended to Benchmarks/results.jsonl; RESULTS.md shows of every case the latest run that holds it. What fails stands in the table
with its error. Needs the standard library only; Benchmarks/environment.sh makes the environment of the peers.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
RESULTS = HERE / "results.jsonl"
REPORT = HERE / "RESULTS.md"

# What keeps a library from the best kernels of the processor, or sets threads behind the back of --threads.
KERNEL_VARIABLES = (
    "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "MKL_ENABLE_INSTRUCTIONS", "MKL_DEBUG_CPU_TYPE", "MKL_CBWR", "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY",
)  # fmt: skip
# What makes the peers quicker at no cost to their user: glibc keeps freed memory instead of returning it to the system each step, and
# backs JAX's with large pages. For speed only: kept memory is fragmented, so memory is measured without.
ALLOCATOR = {
    "torch": {"MALLOC_MMAP_THRESHOLD_": str(1 << 32), "MALLOC_TRIM_THRESHOLD_": str(1 << 34), "MALLOC_TOP_PAD_": str(1 << 26)},
    "jax": {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"},
}
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")


class Case(NamedTuple):
    title: str
    model: str
    mode: str
    batch: int
    peers: bool = True
    memory: bool = False


CASES = {
    "train-tiny-32": Case("Training, `convit_tiny`, batch 32", "convit_tiny", "train", 32),
    "train-small-16": Case("Training, `convit_small`, batch 16", "convit_small", "train", 16),
    "infer-tiny-32": Case("Inference, `convit_tiny`, batch 32", "convit_tiny", "inference", 32),
    "infer-tiny-1": Case("Inference, `convit_tiny`, batch 1", "convit_tiny", "inference", 1),
    "train-deit-32": Case("Training, `deit_tiny_patch16_224`, batch 32", "deit_tiny_patch16_224", "train", 32),
    "infer-deit-32": Case("Inference, `deit_tiny_patch16_224`, batch 32", "deit_tiny_patch16_224", "inference", 32),
    "memory-tiny-32": Case("Memory of training, `convit_tiny`, batch 32", "convit_tiny", "train", 32, memory=True),
    "memory-tiny-1024": Case("Memory of training, `convit_tiny`, batch 1024", "convit_tiny", "train", 1024, peers=False, memory=True),
}

CONTESTANTS = {
    "convit": "this package, fp32",
    "convit-bf16": "this package, bf16",
    "convit-blas": "this package, fp32, BLAS library",
    "torch": "PyTorch, eager, fp32",
    "torch-compiled": "PyTorch, compiled, fp32",
    "torch-bf16": "PyTorch, eager, bf16",
    "torch-bf16-compiled": "PyTorch, compiled, bf16",
    "torch-bf16-plain": "PyTorch, compiled without freezing, bf16",
    "jax": "JAX, jit, fp32",
}
TORCH_FLAGS = {
    "torch": [],
    "torch-compiled": ["--compile"],
    "torch-bf16": ["--precision", "bf16"],
    "torch-bf16-compiled": ["--precision", "bf16", "--compile"],
    "torch-bf16-plain": ["--precision", "bf16", "--compile", "--no-freezing"],
}


# Running


def is_ours(contestant):
    return contestant.startswith("convit")


def command(contestant, case, options):
    what = ["--model", case.model, "--mode", case.mode, "--batch-size", str(case.batch), "--threads", str(options.threads)]
    # Two steps are enough to see the memory: the second has the optimiser's state.
    what += ["--steps", "2", "--warmup", "0"] if case.memory else ["--seconds", str(options.seconds)]
    if is_ours(contestant):
        precision = "bf16" if contestant == "convit-bf16" else "fp32"
        return [str(options.binary), "bench", *what, "--precision", precision, "--json"]
    script, flags = ("peer_jax.py", []) if contestant == "jax" else ("peer_torch.py", TORCH_FLAGS[contestant])
    return [str(options.python), str(HERE / script), *what, *flags]


def environment(contestant, case, options):
    removed = THREAD_VARIABLES + (KERNEL_VARIABLES if options.kernels == "free" else ())
    found = {name: value for name, value in os.environ.items() if name not in removed}
    if contestant == "convit-blas":
        found |= {"CONVIT_PRODUCTS": "blas"}
    if case.memory or options.allocator == "default":
        return found
    return found | ALLOCATOR.get(contestant.partition("-")[0], {})


def last_line(text, default):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300].replace(str(REPOSITORY) + os.sep, "") if lines else default


def measure(contestant, case, options):
    """The object that the process printed last, or one with the field `error`."""
    arguments = command(contestant, case, options)
    try:
        done = subprocess.run(
            arguments, env=environment(contestant, case, options), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=options.timeout,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": f"not done after {options.timeout} s"}
    except OSError as error:
        return {"error": f"{Path(arguments[0]).name}: {error.strerror}"}
    for line in reversed(done.stdout.splitlines()):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and ("images_per_second" in found or "error" in found):
            return found
    if done.returncode < 0:
        return {"error": f"ended by signal {-done.returncode}"}
    return {"error": last_line(done.stderr, f"exit status {done.returncode}, no JSON")}


def run(options):
    start = {
        "record": "run",
        "run": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "kernels": options.kernels,
        "variables": {name: os.environ[name] for name in KERNEL_VARIABLES if options.kernels == "default" and name in os.environ},
        "commit": commit(),
        "rounds": options.rounds,
        "seconds": options.seconds,
        "allocator": options.allocator,
        "machine": machine(),
    }
    written = False
    for key in options.only:
        case = CASES[key]
        for number in range(1 if case.memory else options.rounds):
            for contestant in options.contestants:
                if not is_ours(contestant) and not case.peers:
                    continue
                if contestant == "torch-bf16-plain" and case.mode == "train":  # nothing is frozen in training
                    continue
                result = {"record": "result", "run": start["run"], "case": key, "contestant": contestant, "round": number}
                result |= {"load_before": round(os.getloadavg()[0], 2)} | measure(contestant, case, options)
                with RESULTS.open("a") as file:
                    if not written:
                        file.write(json.dumps(start) + "\n")
                        written = True
                    file.write(json.dumps(result) + "\n")
                print(f"{key} {number + 1} {contestant:20} {result.get('error') or shown(result)}", flush=True)
        render()


def shown(result):
    return f"{result['images_per_second']:.2f} images/s, {result.get('peak_rss_mb', 0):.0f} MB"


# The machine


def commit():
    git = lambda *words: subprocess.run(["git", "-C", str(REPOSITORY), *words], capture_output=True, text=True).stdout.strip()
    changed = git("status", "--porcelain", "--", "Sources", "Package.swift")
    return (git("rev-parse", "--short=10", "HEAD") or "unknown") + (" with changes" if changed else "")


def field(path, name):
    try:
        for line in Path(path).read_text().splitlines():
            if line.partition(":" if ":" in line else "=")[0].strip() == name:
                return line.partition(":" if ":" in line else "=")[2].strip().strip('"')
    except OSError:
        pass
    return None


def cpu_model():
    name = field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()
    numbers = [field("/proc/cpuinfo", word) for word in ("cpu family", "model", "stepping")]
    details = f"family {numbers[0]}, model {numbers[1]}, stepping {numbers[2]}; " if all(numbers) else ""
    flags = (field("/proc/cpuinfo", "flags") or "").split()
    vectors = [word for word in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if word in flags]
    return f"{name} ({details}{' '.join(vectors) or platform.machine()})"


def machine():
    kilobytes = field("/proc/meminfo", "MemTotal")
    return {
        "cpu": cpu_model(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(int(kilobytes.split()[0]) / 2**20, 1) if kilobytes else None,
        "os": field("/etc/os-release", "PRETTY_NAME") or platform.system(),
        "kernel": platform.release(),
    }


# The report


def read():
    """The runs by name, and for each ((kernels, allocator), case) the results of the latest run that holds it."""
    runs, latest = {}, {}
    for line in RESULTS.read_text().splitlines():
        record = json.loads(line)
        if record["record"] == "run":
            runs[record["run"]] = record
            continue
        run = runs[record["run"]]
        # Memory is measured as libraries come, whatever the speeds beside it are measured with.
        allocator = "default" if CASES[record["case"]].memory else run.get("allocator", "tuned")
        key = ((run["kernels"], allocator), record["case"])
        if key not in latest or latest[key][0]["run"] != record["run"]:
            latest[key] = []
        latest[key].append(record)
    return runs, latest


def values(results, contestant, name):
    return [r[name] for r in results if r["contestant"] == contestant and "error" not in r and r.get(name) is not None]


def figure(value, digits=1):
    return "" if value is None else f"{value:,.{digits}f}"


def median(found):
    return statistics.median(found) if found else None


def table(results):
    ours = [median(values(results, contestant, "images_per_second")) for contestant in ("convit", "convit-bf16")]
    rows = [
        "| | images/s | spread | best step | ours in fp32 is | in bf16 | sgemm, GFLOPS |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for contestant, title in CONTESTANTS.items():
        if not any(r["contestant"] == contestant for r in results):
            continue
        speeds = values(results, contestant, "images_per_second")
        errors = [r["error"] for r in results if r["contestant"] == contestant and "error" in r]
        failed = f"failed {len(errors)} of {len(errors) + len(speeds)} times: {errors[0]}".replace("|", "\\|") if errors else ""
        if not speeds:
            rows.append(f"| {title} | {failed} | | | | | |")
            continue
        speed = median(speeds)
        bold = "**" if is_ours(contestant) else ""
        ratios = [f"{mine / speed:.2f} ×" if mine and not is_ours(contestant) else "" for mine in ours]
        sgemm = values(results, contestant, "blas_gflops") or values(results, contestant, "gemm_gflops")
        rows.append(
            f"| {bold}{title}{bold}{'; ' + failed if failed else ''} | {bold}{figure(speed)}{bold} | "
            f"{figure(min(speeds))} – {figure(max(speeds))} | {figure(max(values(results, contestant, 'images_per_second_best'), default=None))} | "
            f"{ratios[0]} | {ratios[1]} | {figure(median(sgemm), 0)} |"
        )
    return rows


def unique(results, key):
    return ", ".join(sorted({str(key(r)) for r in results if key(r)}))


def versions(results, runs):
    """What ran: version and matrix kernels of each framework."""
    rows = []
    for name, title in (("convit", "this package"), ("torch", "PyTorch"), ("jax", "JAX")):
        mine = [r for r in results if r["contestant"].startswith(name) and "error" not in r]
        if not mine:
            continue
        version = unique(mine, lambda r: runs[r["run"]]["commit"] if name == "convit" else r.get("version"))
        kernels = unique(mine, lambda r: r.get("products") or r.get("blas") or r.get("kernels")) or "not reported"
        optimiser = unique(mine, lambda r: r.get("optimiser"))
        rows.append(f"- {title} {version}: {kernels}" + (f"; AdamW {optimiser}" if optimiser else ""))
    return rows


def memory(latest, setting):
    """Peak memory of training: every contestant at 32 images, ours also at 1024."""
    rows = ["| | batch | peak memory, MB |", "|---|---:|---:|"]
    for key in (key for key, case in CASES.items() if case.memory):
        results = latest.get((setting, key), [])
        for contestant, title in CONTESTANTS.items():
            peak = median(values(results, contestant, "peak_rss_mb"))
            if peak is not None:
                bold = "**" if is_ours(contestant) else ""
                rows.append(f"| {bold}{title}{bold} | {CASES[key].batch} | {bold}{figure(peak, 0)}{bold} |")
            elif errors := [r["error"] for r in results if r["contestant"] == contestant]:
                rows.append(f"| {title} | {CASES[key].batch} | failed: {errors[0]} |".replace("\n", " "))
    return rows if len(rows) > 2 else []


def section(setting, runs, latest):
    kernels, allocator = setting
    mine = {key: results for (kind, key), results in latest.items() if kind == setting}
    used = {r["run"]: runs[r["run"]] for results in mine.values() for r in results}
    everything = [r for results in mine.values() for r in results]
    lines = []
    given = unique(used.values(), lambda u: " ".join(f"{k}={v}" for k, v in u["variables"].items()))
    which = "with the kernels it chooses" if kernels == "free" else f"with the kernels of the environment ({given or 'no variable set'})"
    if allocator == "default":
        lines += [f"## Every library as installed, {which}", ""]
    else:
        lines += [
            f"## Every library {which}, the peers tuned", "",
            "What their users would have to find out: glibc is told to keep freed memory, and to back JAX's with large pages.", "",
        ]  # fmt: skip
    for text in sorted({
        f"{m['cpu']}, {m['processors']} processors, {m['memory_gb']} GB, {m['os']}, Linux {m['kernel']}." for m in (u["machine"] for u in used.values())
    }):  # fmt: skip
        lines += [text, ""]
    lines += [*versions(everything, runs), ""]
    for key, case in CASES.items():
        if key not in mine or case.memory:
            continue
        results = mine[key]
        run = runs[results[0]["run"]]
        threads = unique(results, lambda r: r.get("threads"))
        lines += [f"### {case.title}", "", *table(results), ""]
        rounds = max(r["round"] for r in results) + 1
        lines += [
            f"`{key}`, {run['run'][:16].replace('T', ' ')}, {rounds} {'round' if rounds == 1 else 'rounds'}, {threads or 'unknown'} threads.",
            "",
        ]
    peaks = memory(latest, setting)
    if peaks:
        lines += ["### Memory of training `convit_tiny`", "", *peaks, ""]
    return lines


def instructions():
    """The lines about what callgrind counted last, `Benchmarks/callgrind.sh --functions 12 > Benchmarks/instructions.txt`."""
    counts = HERE / "instructions.txt"
    if not counts.is_file():
        return []
    explanation = "`Benchmarks/callgrind.sh`: instructions of one step an image, with the AVX2 variants of all loops; M are millions."
    return ["## Instructions", "", explanation, "", "```", *counts.read_text().splitlines(), "```"]


def render():
    import data  # which imports this

    runs, latest = read()
    lines = [
        "# Results",
        "",
        "Written by `Benchmarks/peers.py` from `Benchmarks/results.jsonl`; how it is measured is in [README.md](README.md). Images a second",
        "are the median over the rounds of the median step; the spread is from the slowest to the quickest round; the ratio is of the",
        "medians. sgemm is what the same process reaches in fp32 products of the model's shapes, whatever precision the model runs in.",
        "",
    ]
    for setting in (("free", "default"), ("free", "tuned"), ("default", "default"), ("default", "tuned")):
        if any(kind == setting for kind, _ in latest):
            lines += section(setting, runs, latest)
    lines += data.section() + instructions()
    REPORT.write_text("\n".join(lines).rstrip() + "\n")


def main():
    start, _, rest = __doc__.partition("\n")
    parser = argparse.ArgumentParser(description=start, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="CASE", choices=CASES, default=list(CASES), help="these cases")
    parser.add_argument("--contestants", nargs="+", metavar="NAME", choices=CONTESTANTS, default=list(CONTESTANTS), help="these contestants")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10, help="of timed steps in each process, at least three steps")
    parser.add_argument("--threads", type=int, default=machine()["processors"])
    parser.add_argument("--timeout", type=int, default=1200, help="seconds for one process, compiling and warm-up included")
    parser.add_argument(
        "--kernels", choices=("free", "default"), default="free",
        help="free: remove the variables that choose kernels, such as OPENBLAS_CORETYPE, for all alike; default: leave them",
    )  # fmt: skip
    parser.add_argument(
        "--allocator", choices=("tuned", "default"), default="tuned",
        help="tuned: the peers keep freed memory, which is quicker; default: as they come. Memory is always measured as they come",
    )  # fmt: skip
    parser.add_argument("--binary", type=Path, default=REPOSITORY / ".build" / "release" / "convit")
    parser.add_argument("--python", type=Path, default=REPOSITORY / ".venv-bench" / "bin" / "python")
    parser.add_argument("--list", action="store_true", help="print cases and contestants")
    parser.add_argument("--render", action="store_true", help="write RESULTS.md from results.jsonl and run nothing")
    options = parser.parse_args()
    if options.list:
        for names in ({key: case.title for key, case in CASES.items()}, CONTESTANTS):
            print("\n".join(f"{key:20} {title}" for key, title in names.items()), end="\n\n")
    elif options.render:
        render()
    else:
        run(options)


if __name__ == "__main__":
    main()
