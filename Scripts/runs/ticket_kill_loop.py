"""Kills a search for tickets with SIGKILL at random moments, resumes it each time, and compares the tickets
and models that it ends in with those of a search that was left alone: byte for byte.

    python3 Scripts/runs/ticket_kill_loop.py [--kills 20] [--seed 0] [--convit .build/release/convit]

Each start has another number of threads. When a search ends before its last kill, it is compared, and
another begins.
"""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import images
import kill_loop

SEARCH = [
    "--method", "prac", "imp", "random", "--rounds", "4", "--rate", "0.36", "--rewind-step", "7", "--patch-embed",
    "--early-bird", "0.2", "--retrain", "2", "4", "--batch-size", "24", "--epochs", "4", "--lr", "2e-3",
    "--unscale-lr", "--save-every-steps", "4", *images.MODEL, "--patch-size", "7", "--head-dim", "8", "--depth", "2",
    "--local-up-to-layer", "1",
]


def start(arguments, folder, output, threads):
    command = [arguments.convit, "ticket", "--data-path", "data", "--output-dir", output, "--resume", "auto"]
    with open(f"{folder}/messages.txt", "ab") as messages:
        return subprocess.Popen(
            [*command, *SEARCH, "--threads", str(threads)], cwd=folder, stderr=messages, stdout=subprocess.DEVNULL)


def result(folder):
    """What must be equal, by file: all tickets, and the weights of all trainings."""
    paths = [path for path in folder.rglob("*.safetensors") if not path.name.startswith("checkpoint")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(paths)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--convit", type=os.path.abspath, default=".build/release/convit")
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ticket-kill-loop-"))
    images.make(arguments.convit, f"{folder}/data")

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
        if kills < arguments.kills and kill_loop.kill(process, output, draw, duration / 5):
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
    print(f"{kills} kills, {searches} searches, all with the tickets of the search that was left alone")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
