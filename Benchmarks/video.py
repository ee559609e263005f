#!/usr/bin/env python3
"""Times models of clips and Hugging Face's on PyTorch in turn, and `divided` beside `joint`; prints a table and what holds.

    python3 Benchmarks/video.py                     five rounds of each, on two threads
    python3 Benchmarks/video.py --rounds 1 --seconds 2
    python3 Benchmarks/video.py --only joint --mode train

Every measurement is a process of its own; a round is one of each contestant, ours first. A clip is of 8 frames of 112 × 112 pixels,
the model of 12 blocks of 192 features and 3 heads on patches of 16 × 16. Memory is measured apart, over two steps and without what
makes the peer keep freed memory. Each run is appended to Benchmarks/video.jsonl. Needs the standard library only;
Benchmarks/environment.sh makes the environment of the peer.
"""

import argparse
import datetime
import json
import os
import statistics
import tempfile
from pathlib import Path

import data
import peers

RESULTS = peers.HERE / "video.jsonl"
SCHEMES = ("divided", "joint", "space")
MODES = ("inference", "train")
SHAPE = {"dim": 192, "depth": 12, "heads": 3, "frames": 8}
# By multiply-adds `divided` is the smaller one in both: (features, heads, blocks, frames).
SMALLER = [{"dim": 32, "depth": 4, "heads": 4, "frames": 8}, {"dim": 192, "depth": 4, "heads": 3, "frames": 32}]
# What must hold: clips a second by the peer's, and memory by the peer's.
LEAST_SPEED, MOST_MEMORY = 1.3, 0.6


def words(mode, options, memory):
    """What both contestants are told."""
    steps = ["--steps", 2, "--warmup", 0] if memory else ["--seconds", options.seconds]
    return ["--mode", mode, "--batch-size", options.batch_size, "--threads", options.threads, *steps]


def ours(shape, scheme, mode, options, memory=False):
    settings = {"model": "timesformer_tiny_patch16_224", "input-size": 112, "attention": scheme, "drop-path": 0, **shape}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
        config.write(json.dumps(settings))  # which is YAML
        config.flush()
        return data.output([options.binary, "bench", "--json", "--config", config.name, *words(mode, options, memory)])


def theirs(shape, scheme, mode, options, memory=False):
    model = ["--scheme", scheme, "--input-size", 112, *(word for name in shape for word in (f"--{name}", shape[name]))]
    variables = {} if memory else peers.ALLOCATOR["torch"]
    return data.output([options.python, peers.HERE / "peer_video.py", *model, *words(mode, options, memory)], variables)


def run(options):
    record = {
        "run": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "commit": peers.commit(),
        "machine": peers.machine(),
        "threads": options.threads,
        "rounds": options.rounds,
        "load_before": round(os.getloadavg()[0], 2),
        "results": [],
    }

    def measure(name, contestant, shape, scheme, mode, memory=False):
        found = contestant(shape, scheme, mode, options, memory)
        result = {"case": name, "contestant": contestant.__name__, "scheme": scheme, "mode": mode, "memory": memory, **shape, **found}
        record["results"].append(result)
        rate = "" if memory else f"{found['images_per_second']:.2f} clips/s, "
        print(f"{name} {mode} {scheme} {contestant.__name__}: {rate}{found['peak_rss_mb']:.0f} MB", flush=True)

    for number in range(options.rounds):
        for mode in options.mode:
            for scheme in options.only:
                for contestant in (ours, theirs):
                    measure("peer", contestant, SHAPE, scheme, mode)
                    if number == 0:
                        measure("peer", contestant, SHAPE, scheme, mode, memory=True)
            for shape in SMALLER if {"divided", "joint"} <= set(options.only) else []:
                for scheme in ("divided", "joint"):
                    measure("schemes", ours, shape, scheme, mode)
    with RESULTS.open("a") as file:
        file.write(json.dumps(record) + "\n")
    return record


def lines(record):
    """What was found, and whether it is what it should be."""

    def found(contestant, field, memory=False, **wanted):
        """A number for each round."""
        return [
            result[field] for result in record["results"]
            if result["contestant"] == contestant and result["memory"] == memory and all(result.get(k) == v for k, v in wanted.items())
        ]  # fmt: skip

    def ratio(pair):
        """The median of each round's ratio: what else the machine does changes between rounds more than within one."""
        return statistics.median(first / second for first, second in zip(*pair))

    def verdict(holds):
        return "holds" if holds else "DOES NOT HOLD"

    yield f"{record['machine']['cpu']}, {record['threads']} threads, {record['rounds']} rounds, {record['run'][:16]}, {record['commit']}"
    yield ""
    yield "| | ours, clips/s | transformers | ratio | ours, MB | transformers | ratio |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    met = []
    for mode in MODES:
        for scheme in SCHEMES:
            wanted = {"case": "peer", "mode": mode, "scheme": scheme}
            rates = [found(name, "images_per_second", **wanted) for name in ("ours", "theirs")]
            memory = [found(name, "peak_rss_mb", memory=True, **wanted) for name in ("ours", "theirs")]
            if not all(rates + memory):
                continue
            speed, size = ratio(rates), ratio(memory)
            met += [speed >= LEAST_SPEED, size <= MOST_MEMORY]
            (fast, slow), (small, large) = map(statistics.median, rates), map(statistics.median, memory)
            yield f"| {mode}, {scheme} | **{fast:.2f}** | {slow:.2f} | {speed:.2f} | **{small:.0f}** | {large:.0f} | {size:.2f} |"
    yield ""
    yield f"at least {LEAST_SPEED} × the speed and at most {MOST_MEMORY} × the memory: {verdict(all(met))}"
    for shape in SMALLER:
        for mode in MODES:
            rates = [found("ours", "images_per_second", case="schemes", mode=mode, scheme=s, **shape) for s in ("divided", "joint")]
            if all(rates):
                sizes = f"{shape['dim']} features, {shape['frames']} frames of 49 patches"
                yield f"{mode}, {sizes}: divided {ratio(rates):.2f} × as fast as joint: {verdict(ratio(rates) > 1)}"


def main():
    start, _, rest = __doc__.partition("\n")
    parser = argparse.ArgumentParser(description=start, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SCHEMES, default=list(SCHEMES), help="these schemes")
    parser.add_argument("--mode", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10, help="of timed steps in each process, at least three steps")
    parser.add_argument("--batch-size", type=int, default=8, help="clips a step")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--binary", type=Path, default=peers.REPOSITORY / ".build" / "release" / "convit")
    parser.add_argument("--python", type=Path, default=peers.REPOSITORY / ".venv-bench" / "bin" / "python")
    parser.add_argument("--show", action="store_true", help="print the last run again and run nothing")
    options = parser.parse_args()
    record = json.loads(RESULTS.read_text().splitlines()[-1]) if options.show else run(options)
    print("\n".join(lines(record)))


if __name__ == "__main__":
    main()
