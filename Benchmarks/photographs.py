#!/usr/bin/env python3
"""Makes a folder of JPEGs like ImageNet's, 500 × 375: train/<photograph>/*.jpg and val/<photograph>/*.jpg.

    .venv-bench/bin/python Benchmarks/photographs.py data/photographs [--images 504]

They are random parts of the photographs that scikit-image ships, between half and all of the width, mirrored half the time, resized
with Pillow and written with quality 90 and chroma 4:2:0: about 45 kB each. The same ones every time, by a fixed seed.
"""

import argparse
import importlib.util
import random
from pathlib import Path

from PIL import Image

PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "motorcycle_left.png", "retina.jpg", "rocket.jpg")
SIZE = (500, 375)


def load(name):
    """A photograph inside the installed package, which is not imported."""
    folder = importlib.util.find_spec("skimage").submodule_search_locations[0]
    return Image.open(Path(folder) / "data" / name).convert("RGB")


def part(image, numbers):
    width = min(image.width, image.height * SIZE[0] / SIZE[1]) * numbers.uniform(0.5, 1)
    height = width * SIZE[1] / SIZE[0]
    left, top = numbers.uniform(0, image.width - width), numbers.uniform(0, image.height - height)
    result = image.resize(SIZE, Image.Resampling.BICUBIC, box=(left, top, left + width, top + height))
    return result.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if numbers.random() < 0.5 else result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=504, help="to train on; one of each photograph is added to test on")
    options = parser.parse_args()
    numbers = random.Random(0)
    for place, name in enumerate(PHOTOGRAPHS):
        image = load(name)
        for split, count in (("train", options.images // len(PHOTOGRAPHS)), ("val", 1)):
            folder = options.folder / split / Path(name).stem
            folder.mkdir(parents=True, exist_ok=True)
            for index in range(count):
                part(image, numbers).save(folder / f"{index:04}.jpg", quality=90, subsampling=2)
        print(f"{options.folder}: {place + 1} of {len(PHOTOGRAPHS)} photographs", flush=True)


if __name__ == "__main__":
    main()
