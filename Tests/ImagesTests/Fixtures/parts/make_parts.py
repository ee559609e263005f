"""JPEGs of several rows and columns of blocks, for decoding parts of them; and one that is shrunk while it is decoded.

Made with Pillow 13.0.0 (libjpeg-turbo 3.2.0), numpy and cjpeg of libjpeg-turbo 2.1.5 (Debian package libjpeg-turbo-progs):

    python make_parts.py

It writes the images beside itself. A part has to be equal to that of the whole image, and needs no reference. shrunk.json has what
`Image.draft` to a quarter and then `Image.resize(box=)` make of shrunk.jpg: rows, columns and RGB bytes in base64.
"""

import base64
import io
import json
import pathlib
import subprocess

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent
random = np.random.default_rng(11)


def scene(width, height, detail=9):
    """Blurred noise in three channels, with edges."""
    small = Image.fromarray(random.integers(0, 256, (height // detail + 2, width // detail + 2, 3), dtype=np.uint8))
    image = np.array(small.resize((width, height), Image.Resampling.BICUBIC))
    image[height // 3 : height // 2, width // 4 : width // 2] ^= 0x5A
    return Image.fromarray(image)


def cjpeg(name, image, *flags, scans=None):
    ppm = io.BytesIO()
    image.save(ppm, "ppm")
    if scans:
        (HERE / "scans.tmp").write_text(scans)
        flags += ("-scans", str(HERE / "scans.tmp"))
    data = subprocess.run(["cjpeg", "-quality", "85", *flags], input=ppm.getvalue(), capture_output=True, check=True).stdout
    (HERE / name).write_bytes(data)
    (HERE / "scans.tmp").unlink(missing_ok=True)


image = scene(83, 71)
for name, sampling in (("444", "1x1"), ("422", "2x1"), ("420", "2x2"), ("440", "1x2"), ("411", "4x1"), ("410", "4x2"), ("441", "1x4")):
    cjpeg(f"ycc{name}.jpg", image, "-sample", sampling)
cjpeg("progressive420.jpg", image, "-sample", "2x2", "-progressive")
cjpeg("progressive444.jpg", image, "-sample", "1x1", "-progressive")
cjpeg("restarts.jpg", image, "-sample", "2x2", "-restart", "1")
cjpeg("scans.jpg", image, "-sample", "2x2", scans="0;\n1;\n2;\n")
# The high frequencies are missing: libjpeg smooths the blocks.
cjpeg("incomplete.jpg", image, "-sample", "2x2", scans="0,1,2: 0-0, 0, 1;\n0: 1-5, 0, 2;\n")
cjpeg("gray.jpg", image, "-grayscale")
image.convert("CMYK").save(HERE / "cmyk.jpg", quality=85, subsampling=2)
for orientation in range(2, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    scene(53, 41).save(HERE / f"exif-{orientation}.jpg", quality=80, subsampling=2, exif=exif)

WIDTH, HEIGHT = 901, 679
scene(WIDTH, HEIGHT, 60).save(HERE / "shrunk.jpg", quality=40, subsampling=2)
shrunk = Image.open(HERE / "shrunk.jpg")
shrunk.draft("RGB", (WIDTH // 4, HEIGHT // 4))
assert shrunk.size == (226, 170), shrunk.size
result = shrunk.resize((71, 54), Image.Resampling.BICUBIC, box=(0, 0, WIDTH / 4, HEIGHT / 4))
rgb = np.asarray(result)
(HERE / "shrunk.json").write_text(
    json.dumps({"height": rgb.shape[0], "width": rgb.shape[1], "rgb": base64.b64encode(rgb.tobytes()).decode()}) + "\n"
)
