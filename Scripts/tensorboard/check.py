#!/usr/bin/env python3
"""Trains with --tensorboard, kills the runs and resumes them, and holds what TensorBoard reads and serves against the logs.

    .venv-tensorboard/bin/python Scripts/tensorboard/check.py [--convit .build/release/convit]

Two runs: one has the flag from the start and is killed twice while a TensorBoard is open; the other gets the flag only when it
resumes, and has its last record torn. Ends with 1 unless the event accumulator, the server that was open and a new one have every
number of log.jsonl and steps.jsonl under its tag, at its step, once, and nothing else.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

sys.path.append(str(pathlib.Path(__file__).parent.parent / "runs"))
import images

SETTINGS = images.MODEL + [
    "--batch-size", "8", "--epochs", "5", "--lr", "1e-3", "--unscale-lr", "--log-every", "1", "--save-every-steps", "7", "--locality-every", "2", "--locality-sample", "9",
]


def lines(path):
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def numbers(tag, value):
    if isinstance(value, list):
        return [pair for i, item in enumerate(value) for pair in numbers(f"{tag}/{i}", item)]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return [(tag, struct.unpack("f", struct.pack("f", value))[0])] if is_number else []


def expected(run):
    """Curves by tag, each a list of (step, value), from the logs."""
    curves = collections.defaultdict(list)
    for line in lines(run / "log.jsonl"):
        for key in line.keys() - {"epoch"}:
            for tag, value in numbers("/".join(key.rsplit("_", 1)), line[key]):
                curves[tag].append((line["epoch"], value))
    for line in lines(run / "steps.jsonl"):
        for key in line.keys() - {"epoch", "step"}:
            for tag, value in numbers(f"step/{key}", line[key]):
                curves[tag].append((line["step"], value))
    return dict(curves)


def accumulated(run):
    """The same from the event file, by TensorBoard's library; size 0 keeps all."""
    reader = EventAccumulator(str(run / "tensorboard"), size_guidance={"scalars": 0})
    reader.Reload()
    return {tag: [(e.step, e.value) for e in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}


def differences(ours, theirs, whose):
    if ours.keys() != theirs.keys():
        return [f"{whose} has other tags: {sorted(ours.keys() ^ theirs.keys())}"]
    return [f"{whose} has other values of {tag}" for tag in theirs if ours[tag] != theirs[tag]]


class Server:
    """A real `tensorboard --logdir` on a port of its own."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("localhost", 0))
            port = free.getsockname()[1]
        self.address = f"http://localhost:{port}/data/plugin/scalars"
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", folder, "--port", str(port), "--reload_interval", "1"]
        with open(f"{folder}/tensorboard.txt", "wb") as messages:
            self.process = subprocess.Popen(command, stdout=messages, stderr=messages)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def get(self, path, **query):
        with urllib.request.urlopen(f"{self.address}/{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
            return json.load(answer)

    def curves(self, run):
        name = f"{run.name}/tensorboard"
        tags = self.get("tags").get(name, {})
        return {tag: [(int(step), value) for _, step, value in self.get("scalars", run=name, tag=tag)] for tag in tags}

    def differences(self, run, theirs):
        """What is still wrong when the server had half a minute to read."""
        found, end = ["the server does not answer"], time.monotonic() + 30
        while found and time.monotonic() < end:
            time.sleep(0.5)
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                found = differences(self.curves(run), theirs, "the server")
        return found


def train(arguments, folder, run, flags, until=None):
    """Trains to the end, or kills the run as soon as steps.jsonl has `until` lines."""
    command = [arguments.convit, "train", "--data-path", "data", "--output-dir", run.name, *SETTINGS, *flags]
    with open(f"{folder}/messages.txt", "ab") as messages:
        process = subprocess.Popen(command, cwd=folder, stderr=messages)
    while until and process.poll() is None:
        if len(lines(run / "steps.jsonl")) >= until:
            process.kill()
        time.sleep(0.002)
    code = process.wait()
    if code != (-9 if until else 0):
        sys.exit(f"convit ended with {code}: see {folder}/messages.txt")


def flag_from_the_start(arguments, folder, run):
    """Killed twice; an open server has shown what is then cut."""
    with Server(folder) as server:
        train(arguments, folder, run, ["--tensorboard"], until=40)
        faults = server.differences(run, accumulated(run))  # the logs may be a line ahead
        train(arguments, folder, run, ["--resume", "auto"], until=80)
        train(arguments, folder, run, ["--resume", "auto"])
        return faults + server.differences(run, expected(run))


def flag_later(arguments, folder, run):
    train(arguments, folder, run, [], until=50)
    faults = ["there is a folder for TensorBoard without the flag"] if (run / "tensorboard").exists() else []
    train(arguments, folder, run, ["--resume", "auto", "--tensorboard"], until=100)
    file = next((run / "tensorboard").iterdir())
    os.truncate(file, file.stat().st_size - 5)
    train(arguments, folder, run, ["--resume", "auto"])
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--convit", type=os.path.abspath, default=os.path.abspath(".build/release/convit"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tensorboard-check-") as folder:
        images.make(arguments.convit, f"{folder}/data")
        first, later = (pathlib.Path(folder, name) for name in ("first", "later"))
        faults = flag_from_the_start(arguments, folder, first) + flag_later(arguments, folder, later)
        count = 0
        with Server(folder) as server:
            for run in (first, later):
                logged = expected(run)
                count += sum(map(len, logged.values()))
                faults += [f"{run.name}: {fault}" for fault in differences(accumulated(run), logged, "the accumulator")]
                faults += [f"{run.name}: {fault}" for fault in server.differences(run, logged)]
                steps = [step for step, _ in logged["step/loss"]]
                if steps != list(range(150)) or len(list((run / "tensorboard").iterdir())) != 1:
                    faults.append(f"{run.name}: not 150 steps in one file")
        print("tags: " + ", ".join(sorted(logged)))
    for fault in faults:
        print(f"tensorboard: {fault}", file=sys.stderr)
    print(f"{count} values in two runs, read by the accumulator and from the servers: {len(faults)} faults")
    return 1 if faults else 0


sys.exit(main())
