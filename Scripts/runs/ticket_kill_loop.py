"""Kills a search for tickets with SIGKILL at random moments, resumes it each time, and compares the tickets
and models that it ends in with those of a search that was left alone: byte for byte.

    python3 Scripts/runs/ticket_kill_loop.py [--kills 20] [--seed 0] [--convit .build/release/convit]

Each start has another number of threads. When a search ends before its last kill, it is compared, and
another begins.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import tempfile

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
    kill_loop.repeat(arguments, folder, start, result, 1 / 5, "tickets")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
