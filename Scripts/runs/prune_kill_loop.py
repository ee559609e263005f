"""Kills runs on pruned weights with SIGKILL at random moments, resumes them each time, and looks
whether what is pruned is exactly 0 in weights, average and moments, and masks are what they were.

    python3 Scripts/runs/prune_kill_loop.py [--kills 3] [--seed 0] [--convit .build/release/convit]

With each of the five optimisers 100 steps are made, on weights of which 70 % are pruned, and once more with rounds of
pruning to 90 % (adamw). What a run ends in is also compared with a run that was left alone: bit for bit.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

import images
from kill_loop import kill

OPTIMIZERS = ["adamw", "adam", "sgd", "momentum", "lion"]
# 240 images in batches of 12: 20 steps an epoch.
SETTINGS = images.MODEL + [
    "--batch-size", "12", "--epochs", "5", "--lr", "1e-3", "--unscale-lr", "--sched-on-updates",
    "--save-every-steps", "7", "--no-repeated-aug", "--model-ema-decay", "0.9",
]
ROUNDS = ["--prune", "0.9", "--prune-rounds", "4", "--prune-scope", "global"]


def tensors(path):
    """The numbers of a safetensors file by name, those of f32 alone, and its masks as bits."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    numbers, bits = {}, {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        if name.startswith("mask."):
            bits[name[5:]] = (entry["dtype"], data[begin:end])
        elif entry["dtype"] == "F32":
            numbers[name] = struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])
    return numbers, bits


def pruned(bits, count):
    """The places where a mask is 0: stored as bits, or in checkpoints as numbers."""
    dtype, data = bits
    if dtype == "F32":
        return [i for i, kept in enumerate(struct.unpack(f"<{count}f", data)) if kept == 0]
    return [i for i in range(count) if not data[i // 8] >> (i % 8) & 1]


def check(run, masks):
    """Zeros where `masks` are, or the run's own where these are none; returns how many there are."""
    zeros = 0
    for file in ("model", "best", "model_ema", "checkpoint"):
        numbers, own = tensors(run / f"{file}.safetensors")
        for parameter in own if masks is None else masks:
            for name in [n for n in numbers if n == parameter or n.endswith("." + parameter)]:
                values = numbers[name]
                places = pruned(own[parameter], len(values))
                if masks is not None and places != masks[parameter]:
                    sys.exit(f"{run}/{file}: the mask of {parameter} has changed")
                if any(values[i] != 0 for i in places):
                    sys.exit(f"{run}/{file}: {name} is not 0 where it is pruned")
                zeros += len(places)
    return zeros


def start(arguments, folder, run, settings, threads):
    command = [arguments.convit, "train", "--data-path", "data", "--output-dir", run, *SETTINGS]
    command += [*settings, "--resume", "auto", "--threads", str(threads), "--num-workers", "1"]
    with open(f"{folder}/messages.txt", "ab") as messages:
        return subprocess.Popen(command, cwd=folder, stderr=messages)


def finish(process, folder):
    if process.wait():
        sys.exit(f"convit ended with {process.returncode}: see {folder}/messages.txt")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=3, help="of each run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--convit", type=os.path.abspath, default=".build/release/convit")
    parser.add_argument("--keep", help="a folder to work in, which is kept")
    arguments = parser.parse_args()
    arguments.convit = os.path.abspath(arguments.convit)
    folder = pathlib.Path(arguments.keep or tempfile.mkdtemp(prefix="prune-kill-loop-"))
    folder.mkdir(parents=True, exist_ok=True)
    images.make(arguments.convit, f"{folder}/data")
    finish(start(arguments, folder, "dense", ["--epochs", "1"], 2), folder)
    prune = [arguments.convit, "prune", "--weights", "dense/model.safetensors", "--sparsity", "0.7"]
    subprocess.run([*prune, "--output", "pruned.safetensors"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    numbers, bits = tensors(folder / "pruned.safetensors")
    masks = {name: pruned(mask, len(numbers[name])) for name, mask in bits.items()}
    draw = random.Random(arguments.seed)
    runs = [(name, ["--opt", name], masks) for name in OPTIMIZERS] + [("rounds", ROUNDS, None)]
    for name, settings, expected in runs:
        settings = ["--finetune", "pruned.safetensors", *settings]
        begun = time.monotonic()
        finish(start(arguments, folder, f"{name}-alone", settings, 2), folder)
        duration, kills = time.monotonic() - begun, 0
        while True:
            process = start(arguments, folder, name, settings, draw.randint(1, 4))
            if kills < arguments.kills and kill(process, folder / name, draw, duration / 2):
                kills += 1
                continue
            finish(process, folder)
            break
        zeros = [check(folder / run, expected) for run in (name, f"{name}-alone")]
        for file in ("model", "best", "model_ema"):
            if len({(folder / run / f"{file}.safetensors").read_bytes() for run in (name, f"{name}-alone")}) > 1:
                sys.exit(f"{name}/{file} differs from the run that was left alone")
        print(f"{name}: {kills} kills, {zeros[0]} zeros where masks are, equal to the run that was left alone", flush=True)
    if not arguments.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
