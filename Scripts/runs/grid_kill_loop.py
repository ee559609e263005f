"""Has four processes share the folder of an experiment of 24 runs, kills two of them with SIGKILL at random
moments, and compares what is there with what one process makes in a folder of its own: every run is trained
once, and tables and weights are equal, byte for byte.

    python3 Scripts/runs/grid_kill_loop.py [--rounds 1] [--seed 0] [--convit .build/release/convit]

A run is trained once if each of its epochs was ended by one process; what a killed process had begun, another
resumes. Only an epoch whose end a kill kept a process from telling may be nobody's.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import images

EPOCHS = 4
GRID = f"""title: Shared
base:
  input-size: 28
  patch-size: 7
  head-dim: 8
  batch-size: 24
  epochs: {EPOCHS}
  save-every-steps: 2
  no-repeated-aug: true
  local-up-to-layer: 1
rows:
  low: {{lr: 0.001}}
  high: {{lr: 0.004}}
columns:
  A: {{depth: 2, heads: 2}}
  B: {{depth: 3, heads: 2}}
  C: {{depth: 3, heads: 4}}
seeds: [0, 1, 2, 3]
measures: [test_acc1, test_loss]
gap: {{of: C, over: A}}
"""
RUNS, PROCESSES, KILLS = 24, 4, 2


def start(arguments, folder, output, messages):
    command = [arguments.convit, "experiment", "grid.yaml", "--data-path", "data", "--output-dir", output]
    with open(folder / messages, "wb") as errors:
        return subprocess.Popen([*command, "--threads", "1"], cwd=folder, stderr=errors, stdout=subprocess.DEVNULL)


def result(output):
    """What must be equal, by file."""
    paths = [output / name for name in ("table.md", "table.csv", "runs.csv")] + sorted(output.rglob("model.safetensors"))
    return {str(path.relative_to(output)): path.read_bytes() for path in paths}


def told(messages):
    """The runs that a process began, each with the epochs that it says it ended."""
    runs = []
    for line in messages.read_text().splitlines():
        if begun := re.match(rf"run (\d+)/{RUNS}: (.+)", line):
            runs.append((begun[2], []))
        elif epoch := re.match(rf"epoch (\d+)/{EPOCHS}  ", line):
            runs[-1][1].append(int(epoch[1]))
    return runs


def share(arguments, folder, output, draw, duration):
    """Lets processes share a folder; how often runs were begun, and which epochs were ended by none."""
    names = [f"{output.name}-{index}.txt" for index in range(PROCESSES)]
    processes = [start(arguments, folder, output.name, name) for name in names]
    doomed = draw.sample(range(PROCESSES), KILLS)
    begun = time.monotonic()
    for index, moment in zip(doomed, sorted(draw.uniform(0.1, 0.8) * duration for _ in doomed)):
        time.sleep(max(0, begun + moment - time.monotonic()))
        processes[index].send_signal(signal.SIGKILL)
        if processes[index].wait() != -signal.SIGKILL:
            sys.exit(f"a process had ended before its kill: see {folder}/{names[index]}")
    for index in set(range(PROCESSES)) - set(doomed):
        if processes[index].wait():
            sys.exit(f"a process ended with {processes[index].returncode}: see {folder}/{names[index]}")
    seconds = time.monotonic() - begun

    stories = [told(folder / name) for name in names]
    starts = collections.Counter(run for story in stories for run, _ in story)
    ends = collections.Counter((run, epoch) for story in stories for run, epochs in story for epoch in epochs)
    cut = {story[-1][0] for index in doomed if (story := stories[index])}  # what a killed process was at
    runs = sorted(str(path.parent.relative_to(output)) for path in output.rglob("log.jsonl"))
    if len(runs) != RUNS or starts.keys() != set(runs):
        sys.exit(f"{len(runs)} runs are in {output}, {len(starts)} were begun")
    untold = 0
    for run in runs:
        log = [json.loads(line)["epoch"] for line in (output / run / "log.jsonl").read_text().splitlines()]
        if log != list(range(EPOCHS)):
            sys.exit(f"{output}/{run}: the log has the epochs {log}")
        if starts[run] > 1 + (run in cut) * KILLS:
            sys.exit(f"{output}/{run}: begun {starts[run]} times")
        for epoch in range(1, EPOCHS + 1):
            if ends[run, epoch] > 1 or (ends[run, epoch] == 0 and run not in cut):
                sys.exit(f"{output}/{run}: epoch {epoch} was ended {ends[run, epoch]} times")
            untold += ends[run, epoch] == 0
    if untold > KILLS:
        sys.exit(f"{output}: {untold} epochs were ended by no process")
    by_process = [len(story) for story in stories]
    return seconds, by_process, sum(starts.values()), sum(ends.values()), untold


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--convit", default=".build/release/convit")
    arguments = parser.parse_args()
    arguments.convit = os.path.abspath(arguments.convit)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="grid-kill-loop-"))
    images.make(arguments.convit, f"{folder}/data")
    (folder / "grid.yaml").write_text(GRID)

    begun = time.monotonic()
    if start(arguments, folder, "alone", "alone.txt").wait():
        sys.exit(f"the process that was alone failed: see {folder}/alone.txt")
    duration = time.monotonic() - begun
    reference = result(folder / "alone")
    print(f"one process: {RUNS} runs in {duration:.1f} s", flush=True)

    draw = random.Random(arguments.seed)
    for number in range(arguments.rounds):
        output = folder / f"shared{number}"
        # The kills come before the whole can have ended, by as many processors as there are.
        least = duration / min(PROCESSES, os.cpu_count() or 1)
        seconds, by_process, starts, ends, untold = share(arguments, folder, output, draw, least)
        found = result(output)
        different = [name for name in reference if found.get(name) != reference[name]]
        if different or found.keys() != reference.keys():
            sys.exit(f"{output} differs from {folder}/alone in {different or 'the names of its files'}")
        print(
            f"{output.name}: {PROCESSES} processes, {KILLS} killed, {seconds:.1f} s; they began "
            f"{' + '.join(map(str, by_process))} = {starts} runs and ended {ends} of {RUNS * EPOCHS} epochs, "
            f"none twice ({untold} cut off before they were told); {len(found)} files equal", flush=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
