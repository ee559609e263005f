"""Images in every form that the decoder reads, each with the RGB bytes that Pillow gives for it.

Made with Pillow 13.0.0 (libjpeg-turbo 3.2.0), numpy and, for the JPEGs that Pillow cannot write,
cjpeg of libjpeg-turbo 2.1.5 and cwebp of libwebp 1.2.4 (Debian packages libjpeg-turbo-progs and
webp). Run it in a Python that has
Pillow and numpy:

  python make_fixtures.py

PNGs of 16 bits also have "pillow": what Pillow makes of them. It writes the images beside itself, and manifest.json: for each image its width and height, the
reference, and the RGB bytes in base64. The reference is `Image.open(p).convert("RGB")` after
`ImageOps.exif_transpose`; for 16-bit PNGs, which Pillow clips or cuts, it is round(v / 257) of the
samples, by numpy. For transparent PNGs there are also the bytes over a background, by
`Image.paste(image, mask=alpha)`; by numpy for 16-bit ones, and for gray of 2 and 4 bits with a
transparent gray: Pillow compares that with the widened samples without widening it as well.
"""

import base64
import gzip
import io
import json
import pathlib
import struct
import subprocess
import tempfile

import numpy as np
import PIL
from PIL import Image, ImageOps, features

import tiny_png as png

HERE = pathlib.Path(__file__).parent
SEED = 7
BACKGROUND = (250, 128, 3)
W, H = 17, 13
random = np.random.default_rng(SEED)
entries = {}


def text(array):
  return base64.b64encode(np.ascontiguousarray(array, dtype=np.uint8).tobytes()).decode()


def save(name, data, reference=None, composited=False):
  """Writes a file, and its pixels by Pillow unless `reference` has them."""
  (HERE / name).write_bytes(data)
  image = Image.open(io.BytesIO(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data))
  kind = "numpy round(v / 257)" if reference is not None else "Pillow"
  upright = ImageOps.exif_transpose(image)
  if reference is None:
    reference = np.asarray(upright.convert("RGB"))
  entry = {"width": reference.shape[1], "height": reference.shape[0], "reference": kind}
  entry["rgb"] = text(reference)
  if kind != "Pillow":
    entry["pillow"] = text(np.asarray(upright.convert("RGB")))
  if isinstance(composited, np.ndarray):
    entry["composited"] = text(composited)
  elif composited:
    rgba = upright.convert("RGBA")
    canvas = Image.new("RGB", rgba.size, BACKGROUND)
    canvas.paste(rgba, mask=rgba.getchannel("A"))
    entry["composited"] = text(np.asarray(canvas))
  entries[name] = entry


def photo(width, height, channels=3):
  """Smooth with a little noise, so that JPEG has something to do."""
  y, x = np.mgrid[0:height, 0:width].astype(float)
  layers = [
    127 + 90 * np.sin(x / (3 + c) + c) * np.cos(y / (4 - c / 2)) + random.normal(0, 12, x.shape)
    for c in range(channels)
  ]
  return np.clip(np.stack(layers, -1), 0, 255).astype(np.uint8)


def over_background(rgb, alpha):
  """[H, W, 3] and [H, W] of 0…255 → [H, W, 3]."""
  alpha = alpha[..., None].astype(float)
  return np.round((alpha * rgb + (255 - alpha) * np.array(BACKGROUND)) / 255)


def png_forms():
  forms = [(png.GRAY, b) for b in (1, 2, 4, 8, 16)] + [(png.PALETTE, b) for b in (1, 2, 4, 8)]
  forms += [(c, b) for c in (png.GRAY_ALPHA, png.RGB, png.RGBA) for b in (8, 16)]
  names = {
    png.GRAY: "gray", png.RGB: "rgb", png.PALETTE: "palette", png.GRAY_ALPHA: "ga",
    png.RGBA: "rgba"}
  for colour, bits in forms:
    samples = random.integers(0, 2**bits, (H, W, png.CHANNELS[colour]))
    palette = random.integers(0, 256, (2**bits, 3)) if colour == png.PALETTE else None
    reference = None
    if bits == 16:
      rgb = samples if samples.shape[2] >= 3 else np.repeat(samples[..., :1], 3, -1)
      reference = np.round(rgb[..., :3] / 257)
    else:
      rgb = np.repeat(samples[..., :1] * 255 // (2**bits - 1), 3, -1)
    has_alpha = colour in (png.GRAY_ALPHA, png.RGBA)
    for interlaced in (False, True):
      name = f"{names[colour]}{bits}{'-interlaced' if interlaced else ''}.png"
      data = png.encode(samples, colour, bits, interlaced, palette=palette)
      blended = has_alpha
      if has_alpha and bits == 16:
        blended = over_background(reference, np.round(samples[..., -1] / 257))
      save(name, data, reference, blended)
    if has_alpha:
      continue
    blended = True
    if colour == png.PALETTE:
      trns = bytes(random.integers(0, 256, max(2, 2**bits // 2), dtype=np.uint8))
    else:
      if bits in (2, 4, 16):
        is_opaque = (samples != samples[3, 5]).any(-1)
        blended = over_background(rgb if bits < 16 else reference, 255 * is_opaque)
      trns = b"".join(struct.pack(">H", int(v)) for v in samples[3, 5])
    data = png.encode(samples, colour, bits, palette=palette, trns=trns)
    save(f"{names[colour]}{bits}-trns.png", data, reference, blended)


def png_extras():
  one = random.integers(0, 256, (1, 1, 3))
  save("one.png", png.encode(one, png.RGB, 8, interlaced=True))
  save("tall.png", png.encode(random.integers(0, 256, (40, 1, 1)), png.GRAY, 8))
  samples = random.integers(0, 256, (5, 7, 3))
  profile = b"bomb\0\0" + png.zlib.compress(bytes(1 << 23), 9)
  ancillary = [
    (b"gAMA", struct.pack(">I", 100000)), (b"iCCP", profile), (b"sBIT", b"\5\6\5"),
    (b"bKGD", bytes(6)), (b"tEXt", b"Comment\0some text"),
  ]
  # iCCP and zTXt of 8 MB once inflated. Pillow refuses them, so the pixels come from without.
  plain = np.asarray(Image.open(io.BytesIO(png.encode(samples, png.RGB, 8))))
  data = png.encode(samples, png.RGB, 8, before=ancillary, after=[(b"zTXt", profile)])
  (HERE / "ancillary.png").write_bytes(data)
  entries["ancillary.png"] = {
    "width": 7, "height": 5, "reference": "Pillow, without the ancillary chunks",
    "rgb": text(plain)}
  exif = exif_block(">", 6)
  save("exif-before.png", png.encode(samples, png.RGB, 8, before=[(b"eXIf", exif)]))
  save("exif-after.png", png.encode(samples, png.RGB, 8, after=[(b"eXIf", exif)]))
  frames = [Image.fromarray(photo(7, 5)) for _ in range(3)]
  for name, default in (("apng.png", False), ("apng-default.png", True)):
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:], default_image=default)
    save(name, out.getvalue())
  save("gzipped.png", gzip.compress(png.encode(samples, png.RGB, 8), mtime=0))
  # An index beyond the palette: no reference, it is an error here.
  indices = np.full((5, 7, 1), 2)
  indices[2, 3] = 3
  data = png.encode(indices, png.PALETTE, 2, palette=random.integers(0, 256, (3, 3)))
  (HERE / "bad-palette-index.png").write_bytes(data)


def jpeg(image, **options):
  out = io.BytesIO()
  image.save(out, "JPEG", **options)
  return out.getvalue()


def cjpeg(array, *options):
  height, width, _ = array.shape
  source = b"P6\n%d %d\n255\n" % (width, height) + array.tobytes()
  command = ["cjpeg", *options]
  return subprocess.run(command, input=source, stdout=subprocess.PIPE, check=True).stdout


def segments(data):
  """Marker segments up to the first scan: (offset, marker, end)."""
  at = 2
  while data[at + 1] != 0xDA:
    end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    yield at, data[at + 1], end
    at = end


def without(data, marker):
  for at, found, end in list(segments(data))[::-1]:
    if found == marker:
      data = data[:at] + data[end:]
  return data


def with_transform(data, transform):
  """The Adobe marker's statement of what the components are: 0 as they are, 1 YCbCr, 2 YCCK."""
  at, end = next((a, e) for a, marker, e in segments(data) if marker == 0xEE)
  return data[: end - 1] + bytes([transform]) + data[end:]


def with_segment(data, marker, content):
  return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content + data[2:]


def jpeg_forms():
  rgb, gray = Image.fromarray(photo(W, H)), Image.fromarray(photo(W, H, 1)[..., 0])
  save("gray.jpg", jpeg(gray, quality=90))
  save("gray-progressive.jpg", jpeg(gray, quality=90, progressive=True))
  for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
    save(f"ycc{subsampling.replace(':', '')}.jpg", jpeg(rgb, quality=90, subsampling=subsampling))
  for name, sampling in (("ycc440", "1x2"), ("ycc411", "4x1")):
    save(f"{name}.jpg", cjpeg(np.asarray(rgb), "-quality", "90", "-sample", sampling))
  save("progressive.jpg", jpeg(rgb, quality=85, progressive=True))
  save("restarts.jpg", jpeg(rgb, quality=85, restart_marker_blocks=1))
  save("low-quality.jpg", jpeg(rgb, quality=10))
  save("rgb.jpg", jpeg(rgb, quality=90, keep_rgb=True))
  save("one.jpg", jpeg(Image.fromarray(photo(1, 1))))
  save("tall.jpg", jpeg(Image.fromarray(photo(1, 40))))
  save("no-jfif.jpg", without(jpeg(rgb, quality=90), 0xE0))
  save("trailing.jpg", jpeg(rgb, quality=90) + b"after the end")
  save("gzipped.jpg", gzip.compress(jpeg(rgb, quality=90), mtime=0))
  inks = jpeg(Image.fromarray(photo(W, H, 4), "CMYK"), quality=95)
  save("cmyk.jpg", with_transform(inks, 0))
  save("cmyk-no-adobe.jpg", without(inks, 0xEE))
  save("ycck.jpg", with_transform(inks, 2))
  colours = jpeg(rgb, quality=90, keep_rgb=True)
  save("rgb-as-ycc.jpg", with_transform(colours, 1))
  # A scan for each component, for tests that repeat one; and two components in one scan.
  save("scans.jpg", cjpeg(np.asarray(rgb), "-quality", "50", "-scans", str(HERE / "scans.txt")))
  save("arithmetic.jpg", cjpeg(np.asarray(rgb), "-quality", "90", "-arithmetic"))
  (HERE / "bad-two-components.jpg").write_bytes(two_components(jpeg(rgb, subsampling=0)))


def two_components(data):
  """A JPEG whose frame and scan leave out the last component: only the header is meant."""
  for at, marker, end in segments(data):
    if marker == 0xC0:
      frame = struct.pack(">H", end - at - 2 - 3) + data[at + 4 : at + 9]
      frame += b"\2" + data[at + 10 : end - 3]
      data = data[: at + 2] + frame + data[end:]
      break
  at = data.index(b"\xff\xda")
  return data[: at + 2] + b"\0\x0a\2" + data[at + 5 : at + 9] + data[at + 11 :]


def gzips():
  files = {
    "bomb": bytes(16 << 20), "text": b"no image", "gzip": gzip.compress(b"x", mtime=0),
    "cut-jpeg": (HERE / "gray.jpg").read_bytes()[:-2]}
  for name, content in files.items():
    (HERE / f"bad-gzip-{name}.gz").write_bytes(gzip.compress(content, mtime=0))


def exif_block(order, value, kind=3, tag=0x0112, entries=1, loop=False):
  """A TIFF block of one directory: a Make tag, then the orientation."""
  mark = b"II" if order == "<" else b"MM"
  short = kind == 3
  number = struct.pack(order + "HH", value, 0) if short else struct.pack(order + "I", value)
  body = struct.pack(order + "HHI", 0x010F, 2, 4) + b"abc\0"
  body += struct.pack(order + "HHI", tag, kind, 1) + number
  head = mark + struct.pack(order + "HIH", 42, 8, 1 + entries)
  return head + body + struct.pack(order + "I", 8 if loop else 0)


def orientations():
  plain = jpeg(Image.fromarray(photo(7, 5)), quality=95, subsampling=0)

  def save_with(name, block):
    save(f"exif-{name}.jpg", with_segment(plain, 0xE1, b"Exif\0\0" + block))

  for value in range(0, 10):
    save_with(value, exif_block("<", value))
  save_with("big-endian", exif_block(">", 6))
  save_with("long", exif_block("<", 6, kind=4))
  save_with("other-tag", exif_block("<", 6, tag=0x0113))
  save_with("loop", exif_block("<", 6, loop=True))
  save_with("loop-other-tag", exif_block("<", 6, tag=0x0113, loop=True))
  save_with("cut-in-tag", exif_block("<", 6)[:30])
  save_with("cut-in-header", exif_block("<", 6)[:6])
  save_with("many-entries", exif_block("<", 6, tag=0x0113, entries=60000))
  save_with("offset-beyond", b"II*\0\xff\xff\xff\xff" + exif_block("<", 6)[8:])
  save_with("bad-order", b"XX" + exif_block("<", 6)[2:])
  xmp = with_segment(plain, 0xE1, b"Exif\0\0" + exif_block("<", 8))
  save("exif-after-xmp.jpg", with_segment(xmp, 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"))


def xmp_packet(value, attribute=True):
  """A packet of XMP with an orientation, as Adobe's and as Apple's programs write it."""
  inner = (f'<rdf:Description rdf:about="" tiff:Orientation="{value}"/>' if attribute else
           f"<rdf:Description><tiff:Orientation>{value}</tiff:Orientation></rdf:Description>")
  return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{inner}</rdf:RDF></x:xmpmeta>'.encode()


def raw_profile(block):
  """EXIF as ImageMagick wrote it into text chunks, with its own head or that of APP1."""
  digits = block.hex()
  lines = "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
  return f"\nexif\n{len(block):8}\n{lines}\n".encode()


def metadata_forms():
  """Orientation 6 in every place where `exif_transpose` looks for one."""
  samples = random.integers(0, 256, (5, 7, 3))
  block = exif_block("<", 6)
  upright = exif_block(">", 1)
  key, xmp = b"Raw profile type exif\0", b"XML:com.adobe.xmp\0"
  profile = raw_profile(b"Exif\0\0" + block)
  deflated = png.zlib.compress
  forms = {
    "raw-text": [(b"tEXt", key + profile)],
    "raw-text-bare": [(b"tEXt", key + raw_profile(block))],
    "raw-deflated": [(b"zTXt", key + b"\0" + deflated(profile))],
    "raw-international": [(b"iTXt", key + b"\0\0en\0\0" + profile)],
    "prefix": [(b"eXIf", b"Exif\0\0" + block)],
    "xmp": [(b"iTXt", xmp + b"\0\0\0\0" + xmp_packet(6))],
    "xmp-element": [(b"iTXt", xmp + b"\0\0\0\0" + xmp_packet(6, attribute=False))],
    "xmp-deflated": [(b"iTXt", xmp + b"\1\0\0\0" + deflated(xmp_packet(6)))],
    "xmp-text": [(b"tEXt", xmp + xmp_packet(6))],
    "exif-before-xmp": [(b"eXIf", upright), (b"iTXt", xmp + b"\0\0\0\0" + xmp_packet(6))],
    "exif-before-raw": [(b"eXIf", upright), (b"tEXt", key + profile)],
    "other-exif-and-xmp": [
      (b"eXIf", exif_block("<", 6, tag=0x0113)), (b"iTXt", xmp + b"\0\0\0\0" + xmp_packet(8))],
    "xmp-of-other-things": [(b"iTXt", xmp + b"\0\0\0\0" + xmp_packet("x") + xmp_packet(3))],
  }
  for name, chunks in forms.items():
    save(f"turned-{name}.png", png.encode(samples, png.RGB, 8, before=chunks))
    save(f"turned-{name}-after.png", png.encode(samples, png.RGB, 8, after=chunks))
  plain = jpeg(Image.fromarray(photo(7, 5)), quality=95, subsampling=0)
  space = b"http://ns.adobe.com/xap/1.0/\0"
  save("turned-xmp.jpg", with_segment(plain, 0xE1, space + xmp_packet(6)))
  # Two segments of EXIF are one block: the second begins where the first ends.
  parts = with_segment(plain, 0xE1, b"Exif\0\0" + block[20:])
  save("turned-parts.jpg", with_segment(parts, 0xE1, b"Exif\0\0" + block[:20]))
  save("turned-prefix.jpg", with_segment(plain, 0xE1, b"Exif\0\0" * 2 + block))
  # Whole numbers of every type, and two values of which the first counts.
  for kind, code in (("sbyte", "b"), ("sshort", "h"), ("slong", "i"), ("short", "HH")):
    number = struct.pack("<" + code, *([6, 3][: len(code)])).ljust(4, b"\0")
    kinds = {"sbyte": 6, "sshort": 8, "slong": 9, "short": 3}
    entry = struct.pack("<HHI", 0x0112, kinds[kind], len(code)) + number
    body = b"II*\0\x08\0\0\0\1\0" + entry + bytes(4)
    save(f"turned-{kind}.jpg", with_segment(plain, 0xE1, b"Exif\0\0" + body))
  outside = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x0112, 3, 3, 26) + bytes(4)
  save("turned-outside.jpg", with_segment(
    plain, 0xE1, b"Exif\0\0" + outside + struct.pack("<HHH", 6, 3, 3)))


def webp(image, **options):
  out = io.BytesIO()
  image.save(out, "WEBP", **options)
  return out.getvalue()


def webp_forms():
  rgb, rgba = Image.fromarray(photo(83, 71)), Image.fromarray(photo(41, 33, 4), "RGBA")
  save("lossy.webp", webp(rgb, quality=70))
  save("lossy-small.webp", webp(rgb.crop((0, 0, 3, 2)), quality=90))
  with tempfile.TemporaryDirectory() as folder:
    source, result = pathlib.Path(folder, "a.png"), pathlib.Path(folder, "a.webp")
    rgb.save(source)
    subprocess.run(["cwebp", "-quiet", "-nostrong", "-q", "10", source, "-o", result], check=True)
    save("lossy-simple-filter.webp", result.read_bytes())
  save("lossless.webp", webp(rgb, lossless=True))
  save("lossy-alpha.webp", webp(rgba, quality=60), composited=True)
  save("lossless-alpha.webp", webp(rgba, lossless=True, exact=True), composited=True)
  palette = rgb.quantize(12).convert("RGB")
  save("lossless-palette.webp", webp(palette, lossless=True))
  frames = [Image.fromarray(photo(31, 29)) for _ in range(3)]
  save("animated.webp", webp(frames[0], save_all=True, append_images=frames[1:], quality=80))
  corner = Image.new("RGBA", (31, 29))
  corner.paste(rgba.crop((0, 0, 12, 11)), (9, 13))
  save("animated-corner.webp", webp(
    corner, save_all=True, append_images=[rgba.crop((0, 0, 31, 29))], lossless=True),
    composited=True)
  for value in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = value
    save(f"exif-{value}.webp", webp(rgb.crop((0, 0, 21, 14)), quality=80, exif=exif))
  save("turned-xmp.webp", webp(rgb.crop((0, 0, 21, 14)), quality=80, xmp=xmp_packet(6)))
  save("gzipped.webp", gzip.compress(webp(rgb.crop((0, 0, 9, 7))), mtime=0))


def with_notes():
  """JPEGs that libjpeg has a warning for although all their pixels are known."""
  rgb = Image.fromarray(photo(W, H))
  plain = jpeg(rgb, quality=85, progressive=True)
  scan = plain.rindex(b"\xff\xda")
  save("note-between-scans.jpg", plain[:scan] + b"between" + plain[scan:])
  data = jpeg(rgb, quality=85)
  save("note-before-end.jpg", data[:-2] + b"\xff\xd0 rest" + data[-2:])
  at = data.index(b"\xff\xda")
  parameters = at + 5 + 2 * data[at + 4]  # Ss, Se, Ah/Al: a sequential scan has 0, 63, 0
  save("note-scan-parameters.jpg", data[: parameters + 1] + b"\0" + data[parameters + 2 :])
  inks = jpeg(Image.fromarray(photo(W, H, 4), "CMYK"), quality=95)
  save("note-adobe-transform.jpg", with_transform(inks, 7))
  middle = jpeg(Image.fromarray(photo(40, 64)), quality=85, subsampling=0)
  end = middle.rindex(b"\xff\xd9")
  save("note-large.jpg", middle[:end] + bytes(range(1, 40)) + middle[end:])


png_forms()
png_extras()
jpeg_forms()
orientations()
gzips()
metadata_forms()
webp_forms()
with_notes()
manifest = {
  "made with": {
    "Pillow": PIL.__version__, "numpy": np.__version__,
    "libjpeg-turbo": features.version("libjpeg_turbo"), "seed": SEED},
  "background": BACKGROUND,
  "images": entries,
}
lines = ",\n".join(f"    {json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(entries.items()))
head = json.dumps({k: v for k, v in manifest.items() if k != "images"}, indent=2)[:-2]
(HERE / "manifest.json").write_text(f'{head},\n  "images": {{\n{lines}\n  }}\n}}\n')
json.loads((HERE / "manifest.json").read_text())
print(len(entries), "images")
