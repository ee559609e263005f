"""Writes the fixtures beside this file: what Pillow and torchvision make of small images.

Made with Python 3.11, Pillow 13.0.0, numpy 2.4.6, torch 2.13.0+cpu, torchvision 0.28.0 (seed 0).

    python make_fixtures.py

resize.json, resize.bin          Image.resize, bilinear and bicubic, with and without box
evaluation.json, evaluation.bin  DeiT's evaluation transform: bytes, and normalised float32 planes
crop.json                        RandomResizedCrop.get_params fed with given uniform numbers
"""

import json
import pathlib

import numpy as np
import torch
import torch.library
from PIL import Image

# The operators that torchvision registers are not needed here, and a CPU build may lack them.
register_fake = torch.library.register_fake


def register_fake_but_torchvision(op, *args, **kwargs):
    if isinstance(op, str) and op.startswith("torchvision::"):
        return lambda function: function
    return register_fake(op, *args, **kwargs)


torch.library.register_fake = register_fake_but_torchvision
from torchvision import transforms  # noqa: E402
from torchvision.transforms import functional as F  # noqa: E402

HERE = pathlib.Path(__file__).parent
FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Blob:
    """Bytes of many arrays in one file; `add` returns where they are."""

    def __init__(self):
        self.data = bytearray()

    def add(self, array):
        offset = len(self.data)
        self.data += array.tobytes()
        return {"offset": offset, "count": len(self.data) - offset}

    def image(self, image):
        return {"width": image.width, "height": image.height, **self.add(np.asarray(image))}


def write(name, cases, blob=None):
    (HERE / f"{name}.json").write_text(json.dumps(cases, indent=0) + "\n")
    if blob is not None:
        (HERE / f"{name}.bin").write_bytes(blob.data)


def noise(rng, width, height):
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def extremes(rng, width, height):
    """Black and white only: overshoots at every edge."""
    return Image.fromarray(255 * rng.integers(0, 2, (height, width, 3), dtype=np.uint8))


def smooth(width, height):
    y, x = np.mgrid[0:height, 0:width]
    planes = [np.sin(x / 7) * np.cos(y / 5), np.sin((x + 2 * y) / 11), x / width + y / height - 1]
    return Image.fromarray(np.stack([127.5 + 127 * p for p in planes], -1).astype(np.uint8))


def resize_fixtures(rng):
    blob, sources, cases = Blob(), {}, []
    images = {
        "noise17x13": noise(rng, 17, 13),
        "smooth64x48": smooth(64, 48),
        "extremes100x37": extremes(rng, 100, 37),
        "noise1x40": noise(rng, 1, 40),
        "noise40x1": noise(rng, 40, 1),
        "noise1x1": noise(rng, 1, 1), "noise20x60": noise(rng, 20, 60),
    }
    for name, image in images.items():
        sources[name] = blob.image(image)
    sizes = [
        ("noise17x13", 17, 13, None), ("noise17x13", 40, 29, None), ("noise17x13", 5, 3, None),
        ("noise17x13", 17, 5, None), ("noise17x13", 8, 13, None), ("noise17x13", 1, 1, None),
        ("noise17x13", 17, 13, (1, 2, 9, 10)), ("noise17x13", 11, 7, (0.25, 1.75, 12.3, 9.1)),
        ("noise17x13", 17, 9, (0, 3, 17, 12)), ("noise17x13", 9, 13, (3.3, 0, 12.1, 13)),
        ("smooth64x48", 32, 24, None), ("smooth64x48", 37, 31, None), ("smooth64x48", 7, 90, None),
        ("smooth64x48", 20, 20, (10, 5, 50.5, 45.5)),
        ("extremes100x37", 33, 12, None), ("extremes100x37", 61, 61, None),
        ("extremes100x37", 30, 30, (33.33, 2.5, 66.67, 36.5)),
        ("noise1x40", 5, 8, None), ("noise1x40", 1, 100, None),
        ("noise40x1", 8, 5, None), ("noise40x1", 100, 1, None), ("noise1x1", 6, 4, None),
        # Since Pillow 13, columns before rows where h > 2 w, h and w being what is lost.
        ("noise20x60", 15, 50, None), ("noise20x60", 15, 49, None), ("noise20x60", 30, 59, None),
        ("noise20x60", 30, 61, None), ("noise20x60", 12, 20, (3.5, 30, 19, 48.25)),
    ]
    for name, width, height, box in sizes:
        for key, resample in FILTERS.items():
            result = images[name].resize((width, height), resample, box=box)
            cases.append({
                "source": name, "resampling": key, "box": box, "result": blob.image(result)})
    write("resize", {"sources": sources, "cases": cases}, blob)


def evaluation(height, width):
    """DeiT's build_transform(is_train=False) before ToTensor; see below for sides that differ."""
    if max(height, width) <= 32:
        return transforms.Resize((height, width), interpolation=F.InterpolationMode.BICUBIC)
    crop = transforms.CenterCrop((height, width))
    if height == width:
        size = int((256 / 224) * height)
        resize = transforms.Resize(size, interpolation=F.InterpolationMode.BICUBIC)
        return transforms.Compose([resize, crop])

    def apply(image):
        """Both sides cover 256/224 of the crop's, one of them exactly."""
        rows, columns = int((256 / 224) * height), int((256 / 224) * width)
        if rows * image.width >= columns * image.height:
            size = (rows, rows * image.width // image.height)
        else:
            size = (columns * image.height // image.width, columns)
        return crop(F.resize(image, size, F.InterpolationMode.BICUBIC))

    return apply


def evaluation_fixtures(rng):
    blob, sources, cases = Blob(), {}, []
    images = {
        "smooth64x48": smooth(64, 48), "noise41x67": noise(rng, 41, 67),
        "noise32x32": noise(rng, 32, 32), "noise45x45": noise(rng, 45, 45),
        "noise30x90": noise(rng, 30, 90),
    }
    for name, image in images.items():
        sources[name] = blob.image(image)
    normalize = transforms.Compose([transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
    # 35 → 40 (a margin of 5, half of which rounds to 2), 50 → 57 (7, to 4), 40 → 45 (5, to 2).
    sizes = [
        ("smooth64x48", 35, 35, True), ("smooth64x48", 50, 50, False),
        ("noise41x67", 50, 50, False), ("noise41x67", 36, 36, False), ("noise45x45", 40, 40, False),
        ("noise30x90", 33, 33, False), ("smooth64x48", 32, 32, True), ("noise32x32", 32, 32, False),
        ("noise41x67", 28, 28, False), ("smooth64x48", 20, 32, False),
        ("smooth64x48", 40, 56, False), ("noise41x67", 36, 28, False), ("noise41x67", 34, 61, False),
    ]
    for name, height, width, planes in sizes:
        result = evaluation(height, width)(images[name])
        case = {"source": name, "result": blob.image(result)}
        if planes:
            case["planes"] = blob.add(normalize(result).numpy())
        cases.append(case)
    # CenterCrop alone, with margins and with padding on one or both sides.
    crops = []
    for name, height, width in [
        ("noise32x32", 27, 25), ("noise32x32", 40, 37), ("noise32x32", 35, 20),
        ("noise30x90", 45, 33), ("noise45x45", 42, 40),
    ]:
        result = transforms.CenterCrop((height, width))(images[name])
        crops.append({"source": name, "result": blob.image(result)})
    write("evaluation", {"sources": sources, "cases": cases, "crops": crops}, blob)


def crop_fixtures(rng):
    """torchvision's own get_params, with its random numbers replaced by a given list."""
    torch.set_default_dtype(torch.float64)
    empty, randint = torch.empty, torch.randint
    cases = []
    shapes = [(64, 48), (48, 64), (500, 375), (1, 1), (1, 4000), (4000, 1), (10, 300), (3, 2)]
    for width, height in shapes:
        for _ in range(6):
            numbers = np.round(rng.random(22), 6).tolist()
            queue = list(numbers)

            class Uniform:
                def uniform_(self, low, high):
                    return torch.tensor([float(low) + (float(high) - float(low)) * queue.pop(0)])

            torch.empty = lambda *_: Uniform()
            torch.randint = lambda low, high, size: torch.tensor([int(queue.pop(0) * high)])
            image = Image.new("RGB", (width, height))
            i, j, h, w = transforms.RandomResizedCrop.get_params(
                image, scale=[0.08, 1.0], ratio=[3 / 4, 4 / 3])
            cases.append({
                "width": width, "height": height, "uniform": numbers, "used": 22 - len(queue),
                "region": [j, i, w, h]})
    torch.empty, torch.randint = empty, randint
    torch.set_default_dtype(torch.float32)
    write("crop", cases)


if __name__ == "__main__":
    resize_fixtures(np.random.default_rng(0))
    evaluation_fixtures(np.random.default_rng(1))
    crop_fixtures(np.random.default_rng(2))
