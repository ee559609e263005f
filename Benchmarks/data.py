#!/usr/bin/env python3
"""Times the input pipeline and timm's with Pillow in turn on the same JPEGs, and training on them; writes a section of RESULTS.md.

    python3 Benchmarks/data.py                       five rounds of each, then training beside `convit bench`
    python3 Benchmarks/data.py --rounds 3 --seconds 3 --no-training

A measurement is a process of its own that reads with one thread; a round is one of each. What was measured is in
Benchmarks/data.jsonl, of which the last run on each kind of processor is shown. Needs the standard library only; the JPEGs
(data/photographs, made when they are not there) and timm need Benchmarks/environment.sh.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import peers
import report

RESULTS = peers.HERE / "data.jsonl"
PHOTOGRAPHS = peers.REPOSITORY / "data" / "photographs"


class Recipe(NamedTuple):
    title: str
    flags: list  # of `convit bench --mode data`; timm's are in peer_data.py under the same name


RECIPES = {
    "full": Recipe("Training, all of DeiT's recipe: crop, mirror image, RandAugment, random erasing", ["--no-repeated-aug"]),
    "crop": Recipe(
        "Training, random resized crop (bicubic) and mirror image alone",
        ["--no-repeated-aug", "--aa", "none", "--color-jitter", "0", "--reprob", "0"],
    ),
    "evaluation": Recipe("Evaluation: resize to 256 (bicubic), centre crop", ["--no-augment", "--no-repeated-aug"]),
}
TRAINING = ["--model", "convit_tiny", "--batch-size", "32"]


def output(command, more={}):
    """The last line that a process prints, as JSON; ends the run if there is none. `more` are variables of its environment."""
    variables = {name: value for name, value in os.environ.items() if name not in peers.THREAD_VARIABLES + peers.KERNEL_VARIABLES}
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=variables | more)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else None


def measure(recipe, contestant, options):
    common = ["--data-path", options.data_path, "--seconds", options.seconds]
    if contestant == "timm":
        return output([options.python, peers.HERE / "peer_data.py", *common, "--recipe", recipe])
    return output([options.binary, "bench", "--mode", "data", "--threads", 1, "--json", *common, *RECIPES[recipe].flags])


def train(options):
    """Images a second of an epoch, reading, testing and saving included."""
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--data-path", options.data_path, "--output-dir", f"{folder}/run", "--epochs", "1", *RECIPES["full"].flags]
        output([options.binary, "train", *TRAINING, *flags])
        epoch = json.loads(Path(folder, "run", "log.jsonl").read_text())
    images = sum(1 for _ in options.data_path.glob("train/*/*.jpg"))
    return {"images_per_second": round(images / epoch["seconds"], 2)}


def run(options):
    if not options.data_path.is_dir():
        subprocess.run([options.python, peers.HERE / "photographs.py", options.data_path], check=True)
    record = {
        "run": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "commit": peers.commit(),
        "machine": peers.machine(),
        "rounds": options.rounds,
        "seconds": options.seconds,
        "load_before": round(os.getloadavg()[0], 2),
        "results": {recipe: {"convit": [], "timm": []} for recipe in RECIPES},
        "training": {"train": [], "bench": []},
    }
    for _ in range(options.rounds):
        for recipe, results in record["results"].items():
            for contestant in results:
                results[contestant].append(measure(recipe, contestant, options))
                print(recipe, contestant, results[contestant][-1], flush=True)
    for _ in range(options.rounds if options.training else 0):
        record["training"]["train"].append(train(options))
        record["training"]["bench"].append(output([options.binary, "bench", *TRAINING, "--seconds", 10, "--json"]))
        print("training", record["training"]["train"][-1], record["training"]["bench"][-1]["images_per_second"], flush=True)
    with RESULTS.open("a") as file:
        file.write(json.dumps(record) + "\n")


def median(results, name):
    return statistics.median(result[name] for result in results)


def latest():
    """The last run on each kind of processor."""
    records = [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.is_file() else []
    return {report.Processor.of(record): record for record in records}


def section(record):
    """The lines of RESULTS.md about a run."""
    machine = record["machine"]
    peer = next(iter(record["results"].values()))["timm"][0]
    lines = [
        "### From JPEGs to batches",
        "",
        f"{machine['cpu']}, {machine['processors']} processors; 500 × 375 JPEGs of quality 90 to normalised 224 × 224, on one thread. Images a",
        "second of processor time, which a busy neighbour does not take away; the median over the rounds and the slowest and quickest.",
        "",
        "| | this package | timm with Pillow | ratio |",
        "|---|---:|---:|---:|",
    ]
    for recipe, results in record["results"].items():
        rates = {name: [r["images_per_core_second"] for r in found] for name, found in results.items()}
        cells = [f"{statistics.median(found):,.0f} ({min(found):,.0f} – {max(found):,.0f})" for found in rates.values()]
        ratio = statistics.median(rates["convit"]) / statistics.median(rates["timm"])
        lines.append(f"| {RECIPES[recipe].title} | **{cells[0]}** | {cells[1]} | {ratio:.2f} × |")
    lines += [
        "",
        f"`make bench-data`, {record['run'][:16].replace('T', ' ')}, {record['rounds']} rounds; this package {record['commit']}, timm {peer['version']}, "
        f"Pillow {peer['pillow']} with libjpeg-turbo {peer['libjpeg_turbo']}.",
        "",
    ]
    if record["training"]["train"]:
        trained, benched = (median(record["training"][name], "images_per_second") for name in ("train", "bench"))
        cost = trained / median(record["results"]["full"]["convit"], "images_per_core_second") / machine["processors"]
        lines += [
            f"Training `convit_tiny` on them, batch 32, an epoch with reading, testing and saving: {trained:.1f} images/s, where `convit bench` with images in",
            f"memory makes {benched:.1f}: {100 * trained / benched:.0f} %. Reading takes {100 * cost:.1f} % of the processors; of what is left, training makes",
            f"{100 * trained / benched / (1 - cost):.0f} % of the rate.",
            "",
        ]
    return lines


def main():
    start, _, rest = __doc__.partition("\n")
    parser = argparse.ArgumentParser(description=start, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5, help="of reading in each process")
    parser.add_argument("--data-path", type=Path, default=PHOTOGRAPHS, help="a folder that has train/ and val/")
    parser.add_argument("--no-training", dest="training", action="store_false")
    parser.add_argument("--binary", type=Path, default=peers.REPOSITORY / ".build" / "release" / "convit")
    parser.add_argument("--python", type=Path, default=peers.REPOSITORY / ".venv-bench" / "bin" / "python")
    run(parser.parse_args())
    report.render()


if __name__ == "__main__":
    main()
