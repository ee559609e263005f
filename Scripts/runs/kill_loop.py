"""Kills a training run with SIGKILL at random moments, resumes it each time, and compares
what it ends in with a run that was left alone: bit for bit.

    python3 Scripts/runs/kill_loop.py [--kills 50] [--seed 0] [--convit .build/release/convit]

Half of the kills come at any moment, half as soon as a file is being written. Each start has
another number of threads. When a run ends before its last kill, it is compared, and another begins.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import images

SETTINGS = images.MODEL + [
    "--batch-size", "8", "--epochs", "12", "--lr", "1e-3", "--unscale-lr", "--sched-on-updates",
    "--log-every", "1", "--save-every-steps", "3", "--save-every", "4",
    "--locality-every", "2", "--locality-sample", "7",
]


def start(arguments, folder, run, threads, workers):
    command = [arguments.convit, "train", "--data-path", "data", "--output-dir", run]
    command += [*SETTINGS, "--resume", "auto", "--threads", str(threads)]
    command += ["--num-workers", str(workers)]
    with open(f"{folder}/messages.txt", "ab") as messages:
        return subprocess.Popen(command, cwd=folder, stderr=messages)


def result(run):
    """What must be equal, by file. The seconds in log.jsonl are those of the clock."""
    files = {path.name: path.read_bytes() for path in sorted(run.glob("*.safetensors"))}
    # The one before the last: written after the same step in every run.
    for name in ("steps.jsonl", "locality.jsonl"):
        files[name] = (run / name).read_bytes()
    index = json.loads((run / "attention/index.json").read_text())
    names = [f"{epochs}-{image}.png" for epochs in index["epochs"] for image in range(4)]
    for name in ["index.json", *names]:
        files["attention/" + name] = (run / "attention" / name).read_bytes()
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    for line in lines:
        del line["seconds"]
    files["log.jsonl"] = json.dumps(lines)
    return files


def previous_without_seconds(files):
    """checkpoint.previous.safetensors was written inside of an epoch, and counts its seconds."""
    data = bytearray(files["checkpoint.previous.safetensors"])
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    begin, end = header["seconds"]["data_offsets"]
    data[8 + length + begin : 8 + length + end] = bytes(8)
    files["checkpoint.previous.safetensors"] = bytes(data)
    return files


def compare(run, reference):
    ours, theirs = (previous_without_seconds(result(folder)) for folder in (run, reference))
    different = [name for name in theirs if ours.get(name) != theirs[name]]
    different += [name for name in ours if name not in theirs]
    if different:
        sys.exit(f"{run} differs from {reference} in {', '.join(different)}")
    leftovers = [path.name for path in run.iterdir() if path.name.endswith(".tmp")]
    if leftovers or (run / ".unfinished").exists():
        sys.exit(f"{run} has {leftovers or '.unfinished'} left")
    return sorted(theirs)


def kill(process, run, draw, span):
    """Kills a process at a random moment; false if it ended before."""
    moment = time.monotonic() + draw.uniform(0, span)
    waits_for_write = draw.random() < 0.5
    while process.poll() is None:
        now = time.monotonic()
        is_writing = run.is_dir() and any(name.endswith(".tmp") for name in os.listdir(run))
        if now >= moment and (not waits_for_write or is_writing or now > moment + span):
            process.send_signal(signal.SIGKILL)
            return process.wait() == -signal.SIGKILL
        if not waits_for_write:
            time.sleep(0.001)
    if process.returncode:
        sys.exit(f"convit ended with {process.returncode}; see messages.txt")
    return False


def stopped_at(run):
    """Where a kill fell: the file that was being written, and whether a line was torn."""
    parts = [path.name for path in run.glob("*.tmp")] if run.is_dir() else []
    log = run / "steps.jsonl"
    if log.exists() and log.read_bytes()[-1:] not in (b"\n", b""):
        parts.append("a torn line")
    return ", ".join(parts) or "no file"


def repeat(arguments, folder, start, result, share, what):
    """Kills a search at random moments until there were enough kills, and compares `result` of each that ended,
    a dictionary by file, with that of one that was left alone. A kill comes within `share` of its duration.
    """
    begun = time.monotonic()
    if start(arguments, folder, "reference", 2).wait():
        sys.exit(f"the search that was to be left alone failed: see {folder}/messages.txt")
    duration = time.monotonic() - begun
    reference = result(folder / "reference")
    print(f"left alone: {duration:.1f} s, {len(reference)} files", flush=True)

    draw = random.Random(arguments.seed)
    kills, searches, starts = 0, 0, 0
    output = folder / "search0"
    while True:
        process = start(arguments, folder, output.name, draw.randint(1, 4))
        starts += 1
        if kills < arguments.kills and kill(process, output, draw, duration * share):
            kills += 1
            continue
        if process.wait():
            sys.exit(f"convit ended with {process.returncode}: see {folder}/messages.txt")
        found = result(output)
        different = [name for name in reference if found.get(name) != reference[name]]
        if different or found.keys() != reference.keys():
            sys.exit(f"{output} differs from {folder}/reference in {different or 'the names of its files'}")
        searches += 1
        print(f"{output.name}: equal after {kills} kills in all, {starts} starts", flush=True)
        if kills >= arguments.kills:
            break
        output = folder / f"search{searches}"
    print(f"{kills} kills, {searches} searches, all with the {what} of the search that was left alone")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--convit", type=os.path.abspath, default=".build/release/convit")
    parser.add_argument("--keep", help="a folder to work in, which is kept")
    arguments = parser.parse_args()
    arguments.convit = os.path.abspath(arguments.convit)
    folder = pathlib.Path(arguments.keep or tempfile.mkdtemp(prefix="kill-loop-"))
    folder.mkdir(parents=True, exist_ok=True)
    images.make(arguments.convit, f"{folder}/data")

    begun = time.monotonic()
    if start(arguments, folder, "reference", 2, 1).wait():
        sys.exit(f"the run that was to be left alone failed: see {folder}/messages.txt")
    duration = time.monotonic() - begun
    print(f"left alone: {duration:.1f} s", flush=True)

    draw = random.Random(arguments.seed)
    kills, runs, starts = 0, 0, 0
    places = collections.Counter()
    run = folder / "run0"
    while True:
        process = start(arguments, folder, run.name, draw.randint(1, 4), draw.randint(0, 3))
        starts += 1
        # On average, a start gets a fifteenth of the run done.
        if kills < arguments.kills and kill(process, run, draw, duration / 5):
            kills += 1
            places[stopped_at(run)] += 1
            continue
        if process.wait():
            sys.exit(f"convit ended with {process.returncode}: see {folder}/messages.txt")
        names = compare(run, folder / "reference")
        runs += 1
        print(f"{run.name}: equal after {kills} kills in all, {starts} starts", flush=True)
        if kills >= arguments.kills:
            break
        run = folder / f"run{runs}"
    print("equal: " + ", ".join(names))
    for place, count in places.most_common():
        print(f"killed while writing {place}: {count}")
    print(f"{kills} kills, {runs} runs, all equal to the run that was left alone")
    if not arguments.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
