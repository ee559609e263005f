#!/usr/bin/env python3
"""What measuring where heads look costs beside an evaluation of the same images.

    python3 Benchmarks/locality.py [--rounds 5]

`convit locality` makes the forward passes of `convit evaluate` and looks at the attention in them, as a training run does with
`--locality-every`. Both read the same images in turn; the medians of what each took, start of the program included, and the ratio
of the difference to the evaluation are printed. OpenBLAS chooses its own kernels.
"""

import argparse
import os
import random
import resource
import statistics
import struct
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

CONVIT = Path(__file__).resolve().parents[1] / ".build/release/convit"
MODELS = [  # name, flags, images
    ("7 × 7 patches, 5 blocks of 4 heads", ["--config", "Configs/fashion-demo.yaml"], 28, 1024),
    ("14 × 14 patches, convit_tiny", ["--model", "convit_tiny"], 224, 1024),
]


def png(path, size, source):
    """A file of noise in grey."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + source.randbytes(size) for _ in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def images(folder, size, count):
    source = random.Random(0)
    for split, number in (("train", 16), ("val", count)):
        for label in "ab":
            (folder / split / label).mkdir(parents=True)
        for index in range(number):
            png(folder / split / "ab"[index % 2] / f"{index:04}.png", size, source)


def timed(command):
    """Seconds by the clock and of the processors."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([CONVIT, *command], env=environment, check=True, capture_output=True)
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    rounds = options.parse_args().rounds
    for name, flags, size, count in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            images(folder / "data", size, count)
            data = ["--data-path", folder / "data"]
            timed(["train", *data, *flags, "--epochs", "1", "--warmup-epochs", "0", "--output-dir", folder / "run"])
            weights = ["--weights", folder / "run/model.safetensors"]
            commands = {
                "evaluate": ["evaluate", *data, *weights],
                "locality": ["locality", *data, *weights, "--sample", "all", "--output-dir", folder / "out"],
            }
            times = {command: [] for command in commands}
            for _ in range(rounds):
                for command, arguments in commands.items():
                    times[command].append(timed(arguments))
            print(f"{name}, {count} images")
            medians = {c: [statistics.median(t[i] for t in values) for i in (0, 1)] for c, values in times.items()}
            for command, (wall, processors) in medians.items():
                print(f"  {command:9} {wall:6.2f} s, {processors:6.2f} s of the processors")
            extra = [(medians["locality"][i] - medians["evaluate"][i]) / medians["evaluate"][i] for i in (0, 1)]
            print(f"  measuring costs {extra[0]:.2f} evaluations by the clock, {extra[1]:.2f} of the processors")


if __name__ == "__main__":
    main()
