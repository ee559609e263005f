"""What Pillow reads from every PNG, JPEG, MPO and WebP in a folder, for PillowImagesTests.

  python expected.py FOLDER OUTPUT

writes OUTPUT/expected.jsonl, an object a line with the name and path of a file, its width and height,
and the file of its RGB bytes: `ImageOps.exif_transpose(Image.open(path)).convert("RGB")`. Files that
Pillow does not read are left out; what they are is counted on standard error.
"""

import json
import pathlib
import sys
import warnings

from PIL import Image, ImageOps



def rgb(path):
  with Image.open(path) as image:
    return ImageOps.exif_transpose(image).convert("RGB")


def main(folder, output):
  warnings.simplefilter("ignore")
  output.mkdir(parents=True, exist_ok=True)
  refused = []
  with open(output / "expected.jsonl", "w") as lines:
    count = 0
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
      head = path.open("rb").read(12)
      if not (head[:4] == b"\x89PNG" or head[:3] == b"\xff\xd8\xff" or head[8:] == b"WEBP"):
        continue
      try:
        image = rgb(path)
      except Exception as error:  # whatever Pillow throws: it does not read the file
        refused.append(f"{path.relative_to(folder)}: {type(error).__name__}: {error}")
        continue
      data = output / f"{count}.rgb"
      data.write_bytes(image.tobytes())
      entry = {
        "name": str(path.relative_to(folder)), "path": str(path.resolve()), "width": image.width,
        "height": image.height, "rgb": str(data.resolve())}
      lines.write(json.dumps(entry) + "\n")
      count += 1
  print(f"{count} files that Pillow reads, {len(refused)} that it does not", file=sys.stderr)
  for line in refused:
    print(f"  {line}", file=sys.stderr)


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
