"""What Pillow makes of the images here as grey ones, as they are and resized.

Made with Pillow 13.0.0 (libjpeg-turbo 3.2.0); nothing in it is random. It writes gray.json beside
itself: for each image of manifest.json that Pillow opens the bytes in base64 of `Image.open(p)` after
`ImageOps.exif_transpose` and `convert("L")`, [height, width], and of these after
`resize((9, 7), BICUBIC)`, all in images of one channel.

  python make_gray.py
"""

import base64
import gzip
import io
import json
import pathlib

from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent


def entry(name):
  data = (HERE / name).read_bytes()
  if data[:2] == b"\x1f\x8b":
    data = gzip.decompress(data)
  gray = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L")
  small = gray.resize((9, 7), Image.Resampling.BICUBIC)
  return [base64.b64encode(image.tobytes()).decode() for image in (gray, small)]


images = json.loads((HERE / "manifest.json").read_text())["images"]
names = sorted(name for name, image in images.items() if "without" not in image["reference"])
lines = [f"{json.dumps(name)}: {json.dumps(entry(name))}" for name in names]
(HERE / "gray.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
