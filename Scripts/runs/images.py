"""A small folder of images for the scripts beside this one: seeded, so always the same."""

import random
import struct
import subprocess


def make(convit, folder, side=28, train=240, val=30, classes=3):
    """Writes `folder`/train and `folder`/val: noise with a bright stripe where the class is."""
    source = f"{folder}-idx"
    subprocess.run(["mkdir", "-p", source], check=True)
    draw = random.Random(0)
    for name, count in [("train", train), ("t10k", val)]:
        labels = bytes(i % classes for i in range(count))
        pixels = bytearray()
        for label in labels:
            for row in range(side):
                bright = 120 if row * classes // side == label else 0
                pixels += bytes(bright + draw.randrange(120) for _ in range(side))
        with open(f"{source}/{name}-images-idx3-ubyte", "wb") as file:
            file.write(struct.pack(">4i", 0x803, count, side, side) + pixels)
        with open(f"{source}/{name}-labels-idx1-ubyte", "wb") as file:
            file.write(struct.pack(">2i", 0x801, count) + labels)
    names = [f"class{i}" for i in range(classes)]
    arguments = ["dataset", "idx", source, "--output", folder, "--classes", *names]
    subprocess.run([convit, *arguments], check=True, stderr=subprocess.DEVNULL)


# Everything that draws random numbers is on: order, crops, mirrors, dropout, stochastic depth.
MODEL = [
    "--input-size", "28", "--patch-size", "4", "--heads", "4", "--head-dim", "16", "--depth", "4",
    "--local-up-to-layer", "3", "--drop", "0.1", "--drop-path", "0.2", "--model-ema",
]
