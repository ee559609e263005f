"""Writes the fixtures of augmentation beside this file: what Pillow and timm make of small images.

Made with Python 3.11, Pillow 13.0.0, numpy 2.4.6, torch 2.13.0+cpu, timm 1.0.31 (seeds 0 and 1).

    python make_augmentations.py

operations.json, operations.bin  timm's operations with given arguments, on the path through Pillow
levels.json                      the arguments that timm makes of magnitudes, for both signs
policies.json                    what timm reads from texts such as rand-m9-mstd0.5-inc1
erasing.json                     the rectangles of RandomErasing, fed with given uniform numbers
reflected.json, reflected.bin    Resize and RandomCrop(padding=4, padding_mode="reflect")
"""

import json
import math
import random

import numpy as np
import torch
from make_fixtures import Blob, extremes, noise, smooth, transforms, write
from PIL import Image
from timm.data import auto_augment as timm
from timm.data.random_erasing import RandomErasing

FILL = (124, 116, 104)
FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}


def flat(width, height):
    """Large areas of one colour, one channel of one value only."""
    pixels = np.full((height, width, 3), (255, 7, 0), np.uint8)
    pixels[4:9, 6:15] = (3, 7, 200)
    return Image.fromarray(pixels)


def operation_fixtures(rng):
    blob, sources, cases = Blob(), {}, []
    images = {
        "smooth23x17": smooth(23, 17), "noise17x13": noise(rng, 17, 13),
        "extremes9x16": extremes(rng, 9, 16), "flat19x14": flat(19, 14),
        "noise2x3": noise(rng, 2, 3), "noise1x1": noise(rng, 1, 1),
        # Few enough pixels below the brightest that there is nothing to equalise.
        "gradient25x11": Image.fromarray(
            np.arange(825, dtype=np.uint16).reshape(11, 25, 3).astype(np.uint8)),
        "dim40x30": Image.fromarray(rng.integers(90, 140, (30, 40, 3), dtype=np.uint8)),
    }
    for name, image in images.items():
        sources[name] = blob.image(image)
    tones = [
        ("autoContrast", timm.auto_contrast, [()]), ("equalize", timm.equalize, [()]),
        ("invert", timm.invert, [()]), ("posterize", timm.posterize, [(1,), (4,), (7,), (8,)]),
        ("solarize", timm.solarize, [(0,), (26,), (128,), (256,)]),
        ("solarizeAdd", timm.solarize_add, [(0,), (99,), (128,)]),
        ("color", timm.color, [(0,), (0.1,), (0.95,), (1,), (1.81,)]),
        ("contrast", timm.contrast, [(0,), (0.19,), (1,), (1.81,), (1.9,)]),
        ("brightness", timm.brightness, [(0.1,), (0.83,), (1.45,)]),
        ("sharpness", timm.sharpness, [(0.1,), (0.73,), (1.81,)]),
        ("gaussianBlur", timm.gaussian_blur, [(0.1,), (0.5,), (1.05,), (1.6,), (2,), (6.5,)]),
    ]
    moves = [
        ("rotate", timm.rotate, [(27,), (-8.123,), (90,), (180,), (0,)]),
        ("shearX", timm.shear_x, [(0.27,), (-0.13,)]),
        ("shearY", timm.shear_y, [(0.3,), (-0.21,), (0,)]),
        ("translateX", timm.translate_x_rel, [(0.405,), (-0.2,)]),
        ("translateY", timm.translate_y_rel, [(0.1234,), (-0.45,)]),
    ]
    for group, filters in [(tones, {"bicubic": None}), (moves, FILTERS)]:
        for name, function, arguments in group:
            for each in arguments:
                for key, image in images.items():
                    # What looks at tones only does so for any shape.
                    if group is moves and key in ("gradient25x11", "dim40x30"):
                        continue
                    if key == "dim40x30" and name not in ("autoContrast", "equalize"):
                        continue
                    for resampling, value in filters.items():
                        result = function(image, *each, fillcolor=FILL, resample=value)
                        cases.append({
                            "source": key, "operation": name, "resampling": resampling,
                            "argument": each[0] if each else None, "result": blob.image(result)})
    write("operations", {"sources": sources, "cases": cases}, blob)


def level_fixtures():
    cases = []
    draw = random.random
    for name, function in timm.LEVEL_TO_ARG.items():
        if name in ("TranslateX", "TranslateY"):  # in no policy
            continue
        for magnitude in [0, 0.5, 1, 2, 3.3, 4, 5, 6.1, 7, 8, 9, 9.43, 10, 12, 15]:
            arguments = []
            for value in (0.25, 0.75):
                random.random = lambda value=value: value
                hparams = {"translate_const": 100, "img_mean": FILL}
                arguments.append(
                    function(float(magnitude), hparams)[0] if function else None)
            cases.append({"name": name, "magnitude": magnitude, "arguments": arguments})
    random.random = draw
    write("levels", cases)


def describe(operation):
    deviation = operation.magnitude_std
    return {
        "name": operation.name, "probability": operation.prob, "magnitude": operation.magnitude,
        "deviation": None if math.isinf(deviation) else deviation,
        "maximum": operation.magnitude_max or 10,
        "translation": operation.hparams.get("translate_pct", 0.45)}


def policy_fixtures():
    texts = [
        "rand-m9-mstd0.5-inc1", "rand", "rand-m7-n3-p0.7-mmax12-mstd1", "rand-m6-mstd101-inc1",
        "rand-m9-tweights", "rand-n1-m5-t3a", "rand-m4-mstd0.5-t3aw-n14", "original",
        "original-mstd0.5", "originalr", "v0", "v0r-mstd2", "3a", "augmix", "augmix-m5-w4-d2-b1",
        "augmix-mstd1",
    ]
    cases = []
    for text in texts:
        hparams = {"translate_const": 100, "img_mean": FILL}
        if text.startswith("rand"):
            policy = timm.rand_augment_transform(text, hparams)
            weights = policy.choice_weights
            case = {
                "lists": [[describe(op) for op in policy.ops]], "count": policy.num_layers,
                "weights": None if weights is None else weights.tolist()}
        elif text.startswith("augmix"):
            policy = timm.augment_and_mix_transform(text, hparams | {"translate_pct": 0.3})
            case = {
                "lists": [[describe(op) for op in policy.ops]], "width": policy.width,
                "depth": policy.depth if policy.depth > 0 else None, "isBlended": policy.blended}
        else:
            policy = timm.auto_augment_transform(text, hparams)
            case = {"lists": [[describe(op) for op in each] for each in policy.policy]}
        cases.append({"text": text} | case)
    write("policies", cases)


def erasing_fixtures(rng):
    """RandomErasing itself, with its random numbers replaced by a given list."""
    cases = []
    kept = random.random, random.uniform, random.randint
    queue = []
    random.random = lambda: queue.pop(0)
    random.uniform = lambda low, high: low + (high - low) * queue.pop(0)
    random.randint = lambda low, high: low + int(queue.pop(0) * (high - low + 1))
    for height, width, count in [(224, 224, 1), (32, 48, 3), (10, 90, 2), (3, 2, 1), (1, 1, 1)]:
        for _ in range(8):
            numbers = np.round(rng.random(140), 6).tolist()
            queue[:] = numbers
            planes = torch.zeros(1, height, width)
            regions = []

            class Recording:
                """Stands for the tensor: what is assigned to says where."""

                def __setitem__(self, key, value):
                    rows, columns = key[1], key[2]
                    regions.append([
                        columns.start, rows.start, columns.stop - columns.start,
                        rows.stop - rows.start])

            erasing = RandomErasing(0.9, mode="const", max_count=count, device="cpu")
            erasing._erase(Recording(), 1, height, width, planes.dtype)
            cases.append({
                "height": height, "width": width, "count": count, "used": 140 - len(queue),
                "uniform": numbers[:140 - len(queue)], "regions": regions})
    random.random, random.uniform, random.randint = kept
    write("erasing", cases)


def reflected_fixtures(rng):
    """Every shift of RandomCrop that is tried is one of the crops here."""
    blob, cases = Blob(), []
    for size, width, height in [(12, 30, 20), (10, 17, 40), (8, 8, 8)]:
        image = noise(rng, width, height)
        resized = transforms.Resize(size, interpolation=3)(image)
        padded = transforms.functional.pad(resized, 4, padding_mode="reflect")
        cases.append({
            "source": blob.image(image), "padded": blob.image(padded), "size": size})
    write("reflected", cases, blob)


if __name__ == "__main__":
    operation_fixtures(np.random.default_rng(0))
    level_fixtures()
    policy_fixtures()
    erasing_fixtures(np.random.default_rng(1))
    reflected_fixtures(np.random.default_rng(2))
