"""Kills a search with SIGKILL at random moments, resumes it each time, and compares the table that it
ends in with that of a search that was left alone: byte for byte.

    python3 Scripts/runs/search_kill_loop.py [--kills 20] [--seed 0] [--convit .build/release/convit]

The search calibrates, evolves, and trains its best by successive halving. Each start has another
number of threads. When a search ends before its last kill, it is compared, and another begins.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import tempfile

import images
import kill_loop

SPACE = """title: Tiny
base:
  input-size: 32
  patch-size: 8
  batch-size: 8
  epochs: 8
  eval-every: 8
  save-every-steps: 2
  no-repeated-aug: true
  mixup: 0
  cutmix: 0
choices:
  heads: [1, 4]
  head-dim: [4, 8, 12]
  depth: [2, 3]
"""
SEARCH = ["--samples", "12", "--calibrate", "5", "--topk", "7", "--rungs", "3", "--evolve", "2", "--batch-size", "12"]


def start(arguments, folder, output, threads):
    command = [arguments.convit, "search", "--space", "space.yaml", "--data-path", "data", "--output-dir", output]
    with open(f"{folder}/messages.txt", "ab") as messages:
        return subprocess.Popen(
            [*command, *SEARCH, "--threads", str(threads)], cwd=folder, stderr=messages, stdout=subprocess.DEVNULL)


def result(folder):
    """What must be equal."""
    return {"search.csv": (folder / "search.csv").read_bytes()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--convit", type=os.path.abspath, default=".build/release/convit")
    arguments = parser.parse_args()
    arguments.convit = os.path.abspath(arguments.convit)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="search-kill-loop-"))
    images.make(arguments.convit, f"{folder}/data")
    (folder / "space.yaml").write_text(SPACE)
    kill_loop.repeat(arguments, folder, start, result, 1 / 4, "table")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
