"""Times timm's transforms over Pillow, from files to normalised tensors, on one thread; prints one line of JSON.

    .venv-bench/bin/python Benchmarks/peer_data.py --data-path data/photographs --recipe crop
"""

import argparse
import json
import random
import resource
import time
from pathlib import Path

import measure

# What timm.data.create_transform is given beside the size.
RECIPES = {
    "full": dict(
        is_training=True, auto_augment="rand-m9-mstd0.5-inc1", color_jitter=0.4, re_prob=0.25, re_mode="pixel", interpolation="bicubic"
    ),
    "crop": dict(is_training=True, auto_augment=None, color_jitter=None, re_prob=0, interpolation="bicubic"),
    "evaluation": dict(is_training=False, crop_pct=0.875, interpolation="bicubic"),
}


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-path", type=Path, required=True)
    parser.add_argument("--recipe", choices=RECIPES, required=True)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    torch, timm = measure.import_timm()
    from PIL import Image, __version__, features
    from timm.data import create_transform

    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    transform = create_transform(224, **RECIPES[options.recipe])
    files = sorted(options.data_path.glob("train/*/*.jpg"))
    random.shuffle(files)

    def read(file):
        return transform(Image.open(file).convert("RGB"))

    for file in files[:32]:
        read(file)
    images, start, before = 0, time.perf_counter(), processor_seconds()
    while time.perf_counter() - start < options.seconds:
        for _ in range(32):
            read(files[images % len(files)])
            images += 1
    print(
        json.dumps({
            "version": timm.__version__,
            "pillow": __version__,
            "libjpeg_turbo": features.version("libjpeg_turbo"),
            "images": images,
            "images_per_second": round(images / (time.perf_counter() - start), 2),
            "images_per_core_second": round(images / (processor_seconds() - before), 2),
        })
    )  # fmt: skip


if __name__ == "__main__":
    main()
