"""Tiny archives in the format of CIFAR's binary version, with Python's tarfile and numpy.

  python make_fixtures.py

Made with Python 3.11 and numpy 2.4.6, seed 32. Two images a file; cifar-10-binary.tar.gz is GNU tar
in gzip, cifar-100-binary.tar pax without compression. cifar.json has for each image its split, the
name of its class, its place in the split and the sum over pixels of (place + 1) times the byte, in
the order height, width, channel.
"""

import gzip
import io
import json
import pathlib
import tarfile

import numpy as np

here = pathlib.Path(__file__).parent
random = np.random.default_rng(32)
names10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
names100 = [f"fine_{i}" for i in range(100)]
expected = {}


def records(data, split, labels, names, coarse):
    result = b""
    for label in labels:
        planes = random.integers(0, 256, (3, 32, 32), dtype=np.uint8)
        result += bytes(([label // 5] if coarse else []) + [label]) + planes.tobytes()
        pixels = planes.transpose(1, 2, 0).reshape(-1).astype(np.int64)
        known = expected.setdefault(data, [])
        place = sum(1 for image in known if image["split"] == split)
        weighted = int(((np.arange(pixels.size) + 1) * pixels).sum())
        known.append(dict(split=split, name=names[label], place=place, sum=weighted))
    return result


def add(tar, path, data):
    info = tarfile.TarInfo(path)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def folder(tar, path):
    info = tarfile.TarInfo(path)
    info.type = tarfile.DIRTYPE
    tar.addfile(info)


ten = io.BytesIO()
with tarfile.open(fileobj=ten, mode="w", format=tarfile.GNU_FORMAT) as tar:
    root = "cifar-10-batches-bin/"
    folder(tar, root)
    add(tar, root + "batches.meta.txt", ("\n".join(names10) + "\n\n").encode())
    for part in range(1, 6):
        labels = [part, (3 * part) % 10]
        add(tar, f"{root}data_batch_{part}.bin", records("ten", "train", labels, names10, False))
    add(tar, root + "readme.html", b"<html></html>")
    add(tar, root + "test_batch.bin", records("ten", "val", [9, 0], names10, False))

(here / "cifar-10-binary.tar.gz").write_bytes(gzip.compress(ten.getvalue(), mtime=0))

with tarfile.open(here / "cifar-100-binary.tar", "w", format=tarfile.PAX_FORMAT) as tar:
    root = "cifar-100-binary/"
    folder(tar, root)
    add(tar, root + "train.bin", records("hundred", "train", [99, 5], names100, True))
    add(tar, root + "test.bin", records("hundred", "val", [17, 99], names100, True))
    add(tar, root + "fine_label_names.txt", "\n".join(names100).encode())

(here / "cifar.json").write_text(json.dumps(expected) + "\n")
