"""A PNG writer for forms that Pillow cannot write: every bit depth, interlacing, any chunk."""

import struct
import zlib

GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}
SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Adam7: first column, first row, column step, row step.
PASSES = [
  (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4),
  (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
  return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(row, bits):
  """A row of samples as bytes, the first sample in the highest bits."""
  if bits == 16:
    return b"".join(struct.pack(">H", int(v)) for v in row)
  text = "".join(format(int(v), f"0{bits}b") for v in row)
  text += "0" * (-len(text) % 8)
  return bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))


def paeth(a, b, c):
  p = a + b - c
  pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
  return a if pa <= pb and pa <= pc else b if pb <= pc else c


def filtered(rows, step):
  """Rows with filters 0 to 4 in turn, so that each is read once."""
  out, above = b"", bytes(len(rows[0]))
  for y, row in enumerate(rows):
    kind = y % 5
    line = bytearray()
    for i, value in enumerate(row):
      a = row[i - step] if i >= step else 0
      b = above[i]
      c = above[i - step] if i >= step else 0
      guess = [0, a, b, (a + b) // 2, paeth(a, b, c)][kind]
      line.append((value - guess) & 255)
    out += bytes([kind]) + bytes(line)
    above = row
  return out


def encode(samples, colour, bits, interlaced=False, before=(), after=(), palette=None, trns=None):
  """`samples`: [height, width, channels] integers; `before` and `after`: chunks around IDAT."""
  height, width, channels = samples.shape
  assert channels == CHANNELS[colour]
  step = max(1, channels * bits // 8)
  data = b""
  for x0, y0, dx, dy in PASSES if interlaced else [(0, 0, 1, 1)]:
    part = samples[y0::dy, x0::dx]
    if part.size:
      data += filtered([packed(row.reshape(-1), bits) for row in part], step)
  header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced))
  out = SIGNATURE + chunk(b"IHDR", header) + b"".join(chunk(*c) for c in before)
  if palette is not None:
    out += chunk(b"PLTE", bytes(int(v) for v in palette.reshape(-1)))
  if trns is not None:
    out += chunk(b"tRNS", trns)
  compressed = zlib.compress(data, 9)
  half = len(compressed) // 2
  out += chunk(b"IDAT", compressed[:half]) + chunk(b"IDAT", compressed[half:])
  return out + b"".join(chunk(*c) for c in after) + chunk(b"IEND", b"")
