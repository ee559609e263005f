"""Clips in every form that is read, each with the RGB bytes of its frames as others read them.

Made with Python 3.11, Pillow 13.0.0 (libjpeg-turbo 3.2.0), numpy 2.4.6 and ffmpeg 5.1.9 (Debian 12).
Run it in a Python that has Pillow and numpy:

  python make_clips.py

It writes the clips beside itself, and manifest.json: for each its size, its rate in frames per
second (null if it does not say), who read the frames, and their RGB bytes in base64:

- Pillow: `frame.convert("RGB")` for `frame in ImageSequence.Iterator(Image.open(p))`; of an AVI,
  whose JPEGs are cut out of it, of each of them with its Huffman tables.
- specification: by numpy, what the PNG specification says of half transparent pixels, which Pillow
  pastes over transparent ones as if these were opaque, of what is left in a palette image, and of
  frames that are blended and then disposed of to the previous ones, which Pillow leaves.
- ffmpeg: `ffmpeg -vsync passthrough -sws_flags neighbor+full_chroma_int+accurate_rnd+bitexact
  -f rawvideo -pix_fmt rgb24`.
- BT.601: by numpy, round to nearest of whole numbers; where ffmpeg is not to be followed (odd sides,
  colours at which its 32 bits overflow).
"""

import base64
import io
import json
import pathlib
import struct
import subprocess
import sys

import numpy as np
from PIL import Image, ImageSequence

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "decode"))
import tiny_gif as gif  # noqa: E402
import tiny_png as png  # noqa: E402

random = np.random.default_rng(20)
entries = {}
W, H = 12, 10
FLAGS = "neighbor+full_chroma_int+accurate_rnd+bitexact"


def save(name, data, frames, reference, rate):
  """Writes a clip; `frames` are arrays [height, width, 3]."""
  if data is not None:
    (HERE / name).write_bytes(data)
  assert len({f.shape for f in frames}) == 1, name
  entries[name] = {
      "width": frames[0].shape[1], "height": frames[0].shape[0], "rate": rate,
      "reference": reference,
      "frames": [base64.b64encode(f.astype(np.uint8).tobytes()).decode() for f in frames]}


def pillow(data):
  return [
      np.asarray(f.convert("RGB")) for f in ImageSequence.Iterator(Image.open(io.BytesIO(data)))]


def save_pillow(name, data, rate, skipped=0):
  save(name, data, pillow(data)[skipped:], "Pillow", rate)


def ffmpeg(path):
  out = subprocess.run(
      ["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-vsync", "passthrough", "-sws_flags", FLAGS,
       "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, check=True)
  assert not out.stderr, out.stderr
  return np.frombuffer(out.stdout, np.uint8)


def save_ffmpeg(name, data, size, rate):
  if data is not None:
    (HERE / name).write_bytes(data)
  save(name, data, list(ffmpeg(HERE / name).reshape(-1, size[1], size[0], 3)), "ffmpeg", rate)


# GIF

colours = random.integers(0, 256, (16, 3), dtype=np.uint8).tobytes()
others = random.integers(0, 256, (8, 3), dtype=np.uint8).tobytes()


def indices(width, height, count=16):
  return random.integers(0, count, (height, width), dtype=np.uint8)


def part(transparent, disposal, x=2, y=3, width=7, height=5, **more):
  """A frame that covers a part, in which a third of the pixels is transparent."""
  pixels = indices(width, height)
  if transparent is not None:
    pixels[random.random((height, width)) < 0.33] = transparent
  return gif.frame(pixels, 4, x, y, transparent=transparent, disposal=disposal, **more)


def whole(**more):
  return gif.frame(indices(W, H), 4, **more)


def save_gif(name, frames, rate=10, palette=colours, **more):
  save_pillow(name, gif.encode((W, H), frames, palette, **more), rate)


save_gif("whole.gif", [whole(), whole(), whole()])
save_gif("interlaced.gif", [whole(interlaced=True), part(None, 1, interlaced=True)])
save_gif(
    "local-palettes.gif",
    [whole(disposal=1), gif.frame(indices(5, 4, 8), 3, 3, 2, palette=others, disposal=1),
     gif.frame(indices(4, 9, 8), 3, 8, 1, palette=others, disposal=1)])
save_gif("transparent.gif", [part(5, 1), part(5, 1), part(3, 1, x=0, y=0, width=W, height=H)])
save_gif("dispose-background.gif", [whole(disposal=1), part(5, 2), part(5, 2, x=4), part(7, 1, y=0)])
save_gif(
    "dispose-background-opaque.gif",
    [whole(disposal=1), part(None, 2), part(None, 2, x=4), part(None, 1, y=0)], background=9)
save_gif("dispose-first-background.gif", [part(5, 2), part(5, 1, x=5), part(5, 1)])
save_gif("dispose-previous.gif", [whole(disposal=1), part(5, 3), part(5, 3, x=4), part(7, 1, y=0)])
save_gif("dispose-first-previous.gif", [whole(disposal=3), part(5, 3), part(5, 1)])
save_gif("single.gif", [whole()])
save_gif("no-end.gif", [whole(), whole()], end=b"")
save_gif("small-blocks.gif", [whole(block=3), part(5, 1, block=1)])
save_gif("no-times.gif", [whole(control=False), whole(control=False)], rate=None)
save_gif("times.gif", [whole(delay=5), whole(delay=20), whole(delay=50)], rate=4)
save_gif(
    "extensions.gif",
    [b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0", b"!\xfe\x05hello\0", whole(), b"!\xfe\0", part(5, 1)])
save_gif(
    "gray.gif", [gif.frame(indices(W, H, 256), 8), gif.frame(indices(W, H, 256), 8)], palette=None)
noise = [indices(80, 64, 256) for _ in range(2)]
many = random.integers(0, 256, (256, 3), dtype=np.uint8).tobytes()
save_pillow(
    "full-table.gif",
    gif.encode((80, 64), [gif.frame(noise[0], 8, clears=False)], many), 10)
save_pillow("cleared-table.gif", gif.encode((80, 64), [gif.frame(noise[0], 8)], many), 10)
save_gif("two-colours.gif", [gif.frame(indices(W, H, 2), 2)], palette=colours[:6])
out = io.BytesIO()
drawn = [Image.new("P", (24, 18), 0) for _ in range(5)]
for step, image in enumerate(drawn):
  image.putpalette(colours)
  image.paste(3 + step, (2 * step, 3, 2 * step + 6, 11))
drawn[0].save(out, "GIF", save_all=True, append_images=drawn[1:], duration=40, disposal=2)
save_pillow("by-pillow.gif", out.getvalue(), 25)

# APNG


def animated(frames, colour, bits, default=None, palette=None, trns=None, interlaced=False):
  """`frames`: (samples, x, y, dispose, blend, (delay, parts)); `default`: an image that is none."""
  def image_data(samples):
    data = png.encode(samples, colour, bits, interlaced)
    out, place = [], 8
    while place < len(data):
      length, = struct.unpack(">I", data[place : place + 4])
      if data[place + 4 : place + 8] == b"IDAT":
        out.append(data[place + 8 : place + 8 + length])
      place += 12 + length
    return out

  first = frames[0][0] if default is None else default
  header = struct.pack(
      ">IIBBBBB", first.shape[1], first.shape[0], bits, colour, 0, 0, int(interlaced))
  out = png.SIGNATURE + png.chunk(b"IHDR", header)
  if palette is not None:
    out += png.chunk(b"PLTE", palette)
  if trns is not None:
    out += png.chunk(b"tRNS", trns)
  out += png.chunk(b"acTL", struct.pack(">II", len(frames), 0))
  if default is not None:
    out += b"".join(png.chunk(b"IDAT", part) for part in image_data(default))
  number = 0
  for place, (samples, x, y, dispose, blend, delay) in enumerate(frames):
    height, width = samples.shape[:2]
    out += png.chunk(
        b"fcTL", struct.pack(">IIIIIHHBB", number, width, height, x, y, *delay, dispose, blend))
    number += 1
    for part in image_data(samples):
      if place == 0 and default is None:
        out += png.chunk(b"IDAT", part)
      else:
        out += png.chunk(b"fdAT", struct.pack(">I", number) + part)
        number += 1
  return out + png.chunk(b"IEND", b"")


def samples(width, height, channels, most=256, opaque=False):
  out = random.integers(0, most, (height, width, channels))
  if channels in (2, 4):
    alpha = random.integers(0, 3, (height, width))  # none, half, all
    out[..., -1] = np.where(alpha == 0, 0, np.where(alpha == 1, out[..., -1], most - 1))
    if opaque:
      out[..., -1] = most - 1
  return out


def over(above, below):
  """RGBA over RGBA, [height, width, 4] of 0 … 255, by the PNG specification, rounded once."""
  a, b = above[..., 3:].astype(object), below[..., 3:].astype(object)
  weight, rest = 255 * a, (255 - a) * b
  total = weight + rest
  safe = np.where(total == 0, 1, total)
  rgb = (2 * (weight * above[..., :3] + rest * below[..., :3]) + safe) // (2 * safe)
  alpha = (2 * total + 255) // 510
  mixed = np.concatenate([rgb, alpha], 2).astype(int)
  return np.where(above[..., 3:] == 0, below, mixed)


def specification(frames, width, height):
  """The canvas after each frame of RGBA, without its alpha."""
  canvas = np.zeros((height, width, 4), int)
  out = []
  for number, (pixels, x, y, dispose, blend, _) in enumerate(frames):
    part = np.s_[y : y + pixels.shape[0], x : x + pixels.shape[1]]
    before = canvas[part].copy()
    canvas[part] = over(pixels, canvas[part]) if blend else pixels
    out.append(canvas[..., :3].copy())
    if dispose == 1 or (dispose == 2 and number == 0):
      canvas[part] = 0
    elif dispose == 2:
      canvas[part] = before
  return out


TENTH = (1, 10)


def rgba_frames(dispose, blend, opaque_first=True):
  return [
      (samples(W, H, 4, opaque=opaque_first), 0, 0, 0, 0, TENTH),
      (samples(7, 5, 4), 2, 3, dispose, blend, TENTH),
      (samples(6, 4, 4), 5, 1, dispose, blend, TENTH),
      (samples(5, 8, 4), 4, 2, 0, blend, TENTH)]


def save_apng(name, frames, colour=png.RGBA, bits=8, rate=10, skipped=0, **more):
  save_pillow(name, animated(frames, colour, bits, **more), rate, skipped)


def save_specification(name, frames, expanded=None, rate=10, **form):
  data = animated(frames, form.pop("colour", png.RGBA), form.pop("bits", 8), **form)
  shown = expanded or frames
  height, width = shown[0][0].shape[:2]
  save(name, data, specification(shown, width, height), "specification", rate)


save_apng("source.png", rgba_frames(0, 0))
save_apng("over.png", rgba_frames(0, 1))
save_apng("previous.png", rgba_frames(2, 0))
save_specification("previous-over.png", rgba_frames(2, 1))
save_apng("background.png", rgba_frames(1, 0))
save_specification("background-over.png", rgba_frames(1, 1))
save_specification("half-transparent.png", rgba_frames(0, 1, opaque_first=False))
save_specification(
    "first-previous.png",
    [(samples(W, H, 4), 0, 0, 2, 0, TENTH), (samples(5, 5, 4), 1, 1, 0, 1, TENTH)])
save_apng(
    "rgb.png",
    [(samples(W, H, 3), 0, 0, 0, 0, (1, 2)), (samples(5, 6, 3), 4, 3, 1, 0, (1, 4)),
     (samples(5, 6, 3), 1, 2, 0, 0, (1, 4))], png.RGB, rate=3)
save_apng(
    "default-image.png",
    [(samples(W, H, 3), 0, 0, 0, 0, (2, 0)), (samples(5, 6, 3), 4, 3, 0, 0, (2, 0))], png.RGB,
    rate=50, skipped=1, default=samples(W, H, 3))
gray = [(samples(W, H, 1), 0, 0, 0, 0, TENTH), (samples(9, 9, 1), 3, 1, 0, 0, TENTH)]
save_specification(  # Pillow fails on interlaced frames
    "gray-interlaced.png", gray,
    [(np.concatenate([f[0]] * 3 + [0 * f[0] + 255], 2), *f[1:]) for f in gray], colour=png.GRAY,
    interlaced=True)
save_apng(
    "palette.png",
    [(samples(W, H, 1, 16), 0, 0, 0, 0, TENTH), (samples(9, 9, 1, 16), 3, 1, 0, 0, TENTH)],
    png.PALETTE, 4, palette=colours)
alphas = random.integers(0, 256, 16, dtype=np.uint8).tobytes()
table = np.concatenate(
    [np.frombuffer(colours, np.uint8).reshape(16, 3), np.frombuffer(alphas, np.uint8)[:, None]], 1)
few = [
    (samples(W, H, 1, 16), 0, 0, 1, 1, TENTH), (samples(9, 9, 1, 16), 3, 1, 1, 1, TENTH),
    (samples(4, 4, 1, 16), 5, 5, 0, 1, TENTH)]
save_specification(
    "palette-transparent.png", few, [(table[f[0][..., 0]].astype(int), *f[1:]) for f in few],
    colour=png.PALETTE, bits=4, palette=colours, trns=alphas)
deep = [(samples(W, H, 4, 65536), 0, 0, 0, 0, TENTH), (samples(9, 9, 4, 65536), 3, 1, 0, 1, TENTH)]
save_specification(
    "deep.png", deep, [((2 * f[0] + 257) // 514, *f[1:]) for f in deep], bits=16)
keyed = [(samples(W, H, 3, 4), 0, 0, 0, 0, TENTH), (samples(9, 9, 3, 2), 3, 1, 0, 1, TENTH)]


def with_key(rgb, key):
  return np.concatenate([rgb, 255 * np.any(rgb != key, 2, keepdims=True)], 2)


save_specification(
    "key.png", keyed, [(with_key(f[0], [1, 0, 1]), *f[1:]) for f in keyed], colour=png.RGB,
    trns=struct.pack(">HHH", 1, 0, 1))
out = io.BytesIO()
moving = [Image.new("RGBA", (24, 18), (9, 200, 30, 255)) for _ in range(4)]
for step, image in enumerate(moving):
  image.paste((250, 40, 10 * step, 255), (3 * step, 2, 3 * step + 6, 11))
moving[0].save(out, "PNG", save_all=True, append_images=moving[1:], duration=40)
save_pillow("by-pillow.png", out.getvalue(), 25)

# Y4M


def y4m(width, height, space, low=(16, 16), high=(236, 241), extra="", frames=2, tail=""):
  """Random planes; returns the file and the planes."""
  across, down = {"420": (2, 2), "422": (2, 1), "444": (1, 1), "mon": (0, 0)}[space[:3] or "420"]
  data = f"YUV4MPEG2 W{width} H{height} F30000:1001 Ip A1:1".encode()
  data += (f" C{space}" if space else "").encode() + extra.encode() + b"\n"
  planes = []
  for _ in range(frames):
    luma = random.integers(low[0], high[0], (height, width), dtype=np.uint8)
    sides = (-(-height // down), -(-width // across)) if across else (0, 0)
    chroma = [random.integers(low[1], high[1], sides, dtype=np.uint8) for _ in range(2)]
    planes.append((luma, *chroma, across, down))
    data += b"FRAME" + tail.encode() + b"\n" + b"".join(p.tobytes() for p in [luma, *chroma])
  return data, planes


def bt601(luma, u, v, across, down):
  y, x = np.indices(luma.shape)
  u, v = (c[y // down, x // across].astype(int) - 128 for c in (u, v))
  luma = 9539 * (luma.astype(int) - 16)
  rgb = [luma + 13075 * v, luma - 3209 * u - 6660 * v, luma + 16525 * u]
  return np.clip((np.stack(rgb, 2) + 4096) >> 13, 0, 255)


RATE = 30000 / 1001
save_ffmpeg("420.y4m", y4m(W, H, "420jpeg")[0], (W, H), RATE)
save_ffmpeg("422.y4m", y4m(W, H, "422")[0], (W, H), RATE)
save_ffmpeg("444.y4m", y4m(W, H, "444")[0], (W, H), RATE)
save_ffmpeg("mono.y4m", y4m(W, H, "mono", low=(0, 0), high=(256, 0))[0], (W, H), RATE)
save_ffmpeg(
    "full-range.y4m",
    y4m(W, H, "420mpeg2", (0, 0), (256, 256), " XYSCSS=420MPEG2 XCOLORRANGE=FULL")[0], (W, H), RATE)
save_ffmpeg("no-colour-space.y4m", y4m(W, H, "")[0], (W, H), RATE)
data, planes = y4m(7, 5, "420paldv", tail=" Ip")
save("odd.y4m", data, [bt601(*p) for p in planes], "BT.601", RATE)
data, planes = y4m(W, H, "444", (0, 0), (256, 256))
save("extremes.y4m", data, [bt601(*p) for p in planes], "BT.601", RATE)
(HERE / "deep.y4m").write_bytes(
    b"YUV4MPEG2 W4 H2 F25:1 C420p10\nFRAME\n"
    + random.integers(64, 940, 12, dtype=np.uint16).tobytes())
save_ffmpeg("deep.y4m", None, (4, 2), 25)

# AVI


def jpeg(width=24, height=18, quality=60, **more):
  y, x = np.indices((height, width))
  phase = random.integers(0, 40)
  picture = np.stack([8 * (x + phase) % 256, 12 * y % 256, 5 * (x + y + phase) % 256], 2)
  out = io.BytesIO()
  Image.fromarray(picture.astype(np.uint8)).save(out, "JPEG", quality=quality, **more)
  return out.getvalue()


def without_tables(data):
  """A JPEG without its Huffman tables, which are those of the standard unless optimised."""
  out, place = data[:2], 2
  while data[place + 1] != 0xDA:
    length, = struct.unpack(">H", data[place + 2 : place + 4])
    if data[place + 1] != 0xC4:
      out += data[place : place + 2 + length]
    place += 2 + length
  return out + data[place:]


def chunk(kind, data):
  return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def riff_list(kind, data, outer=b"LIST"):
  return chunk(outer, kind + data)


def stream(kind, coding, size=(24, 18)):
  header = struct.pack("<4s4sIHHIIIIIIII8x", kind, coding, 0, 0, 0, 0, 1, 12, 0, 0, 0, 0, 0)
  if kind == b"vids":
    form = struct.pack("<IiiHH4sIiiII", 40, *size, 1, 24, coding, 0, 0, 0, 0, 0)
  else:
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
  return riff_list(b"strl", chunk(b"strh", header) + chunk(b"strf", form))


def avi(streams, chunks, index=True, more=b""):
  """`chunks`: what is in movi, whole."""
  main = struct.pack("<IIIIIIIIII16x", 83333, 0, 0, 16, len(chunks), 0, len(streams), 0, 24, 18)
  body = riff_list(b"hdrl", chunk(b"avih", main) + b"".join(streams)) + chunk(b"JUNK", bytes(5))
  place, entries = 4, b""
  for part in chunks:
    entries += part[:4] + struct.pack("<III", 16, place, struct.unpack("<I", part[4:8])[0])
    place += len(part)
  body += riff_list(b"movi", b"".join(chunks)) + (chunk(b"idx1", entries) if index else b"")
  return riff_list(b"AVI ", body, b"RIFF") + more


def save_avi(name, data, jpegs, rate=12):
  save(name, data, [pillow(j)[0] for j in jpegs], "Pillow", rate)


video = stream(b"vids", b"MJPG")
three = [jpeg() for _ in range(3)]
frames = [chunk(b"00dc", j) for j in three]
save_avi("plain.avi", avi([video], frames), three)
save_avi("no-tables.avi", avi([video], [chunk(b"00dc", without_tables(j)) for j in three]), three)
save_avi("no-index.avi", avi([video], frames, index=False), three)
sound = chunk(b"00wb", bytes(range(33)))
second = [chunk(b"01dc", j) for j in three]
save_avi(
    "sound.avi",
    avi([stream(b"auds", b"\0\0\0\0"), video], [p for f in second for p in (sound, f)]), three)
save_avi("lists.avi", avi([video], [riff_list(b"rec ", f + sound) for f in frames]), three)
save_avi(
    "repeated.avi", avi([video], [frames[0], chunk(b"00dc", b""), frames[1]]),
    [three[0], three[0], three[1]])
more = riff_list(b"AVIX", riff_list(b"movi", frames[2]), b"RIFF")
save_avi("two-parts.avi", avi([video], frames[:2], more=more), three)
data = bytearray(avi([video], frames, index=False))
place = data.index(b"movi")
data[place - 4 : place] = data[4:8] = bytes(4)  # as a program that was killed leaves it
save_avi("unfinished.avi", bytes(data), three)
turned = jpeg(exif=Image.Exif())
exif = Image.Exif()
exif[0x112] = 6
turned = jpeg(exif=exif)
save_avi("exif.avi", avi([video], [chunk(b"00dc", turned)]), [turned])
(HERE / "mpeg4.avi").unlink(missing_ok=True)
source = ["-f", "lavfi", "-i", "testsrc=size=32x24:rate=10:duration=0.4"]


def encoded(name, *options):
  subprocess.run(
      ["ffmpeg", "-nostdin", "-v", "error", "-y", *source, "-bitexact", *options, HERE / name],
      check=True)
  save_ffmpeg(name, None, (32, 24), 10)


# Video

encoded("mpeg4.avi", "-c:v", "mpeg4", "-q:v", "12")
encoded("mpeg4.mp4", "-c:v", "mpeg4", "-q:v", "12")
encoded("vp8.webm", "-c:v", "libvpx", "-b:v", "40k")

# Frames in a folder

(HERE / "folder").mkdir(exist_ok=True)
shown = []
for number in range(1, 12):
  y, x = np.indices((H, W))
  picture = np.stack([20 * x, 20 * y, (x + y) * number], 2).astype(np.uint8)
  name = f"frame{number}." + ("jpg" if number % 3 == 0 else "png")
  Image.fromarray(picture).save(HERE / "folder" / name)
  shown.append(np.asarray(Image.open(HERE / "folder" / name).convert("RGB")))
save("folder", None, shown, "Pillow", None)

# What came later, from numbers of its own

random = np.random.default_rng(21)
save_gif(
    "first-previous-transparent.gif",
    [part(5, 3), part(7, 1, x=4), part(5, 3, x=1, y=1), part(7, 1, y=0)])
small = [jpeg(8, 8) for _ in range(2)]
wide = [jpeg() for _ in range(2)]
down = bytearray(stream(b"vids", b"jpeg"))
down[down.index(b"strf") + 16 : down.index(b"strf") + 20] = struct.pack("<i", -18)  # the first row first
save_avi(
    "eleventh-stream.avi",
    avi([stream(b"auds", b"\0\0\0\0")] * 10 + [bytes(down), stream(b"vids", b"MJPG", (8, 8))],
        [chunk(b"11dc", small[0]), chunk(b"10db", wide[0]), chunk(b"10dc", wide[1]), sound]), wide)

lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(entries.items())]
(HERE / "manifest.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
