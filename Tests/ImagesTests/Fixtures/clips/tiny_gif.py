"""A GIF writer for forms that Pillow does not write: any disposal, palette, order of rows, codes."""

import struct

def codes(pixels, bits, clears=True):
  """The codes of pixels as bytes; without `clears` the table stays full once it is."""
  clear, end = 1 << bits, (1 << bits) + 1
  out, held, used = bytearray(), 0, 0
  width = bits + 1

  def put(code):
    nonlocal held, used
    held |= code << used
    used += width
    while used >= 8:
      out.append(held & 255)
      held >>= 8
      used -= 8

  table = {bytes([i]): i for i in range(clear)}
  put(clear)
  string = b""
  for pixel in pixels:
    longer = string + bytes([pixel])
    if longer in table:
      string = longer
      continue
    put(table[string])
    if len(table) + 2 < 4096:
      table[longer] = len(table) + 2
      # The reader knows a code one step later.
      if len(table) + 1 == 1 << width and width < 12:
        width += 1
    elif clears:
      put(clear)
      table = {bytes([i]): i for i in range(clear)}
      width = bits + 1
    string = bytes([pixel])
  put(table[string])
  put(end)
  if used:
    out.append(held & 255)
  return bytes(out)


def blocks(data, size=255):
  parts = [data[i : i + size] for i in range(0, len(data), size)]
  return b"".join(bytes([len(p)]) + p for p in parts) + b"\0"


def palette_flags(palette):
  """The size of a palette of a power of two of colours, from 2 to 256."""
  count = len(palette) // 3
  assert len(palette) % 3 == 0 and count in [2, 4, 8, 16, 32, 64, 128, 256]
  return 0x80 | count.bit_length() - 2


def frame(
    indices, bits, x=0, y=0, palette=None, transparent=None, disposal=0, delay=10, interlaced=False,
    control=True, clears=True, block=255):
  """A frame of [height, width] indices."""
  height, width = indices.shape
  out = b""
  if control:
    flags = disposal << 2 | (transparent is not None)
    out += b"!\xf9\x04" + struct.pack("<BHB", flags, delay, transparent or 0) + b"\0"
  flags = (palette_flags(palette) if palette is not None else 0) | (0x40 if interlaced else 0)
  out += b"," + struct.pack("<HHHHB", x, y, width, height, flags) + (palette or b"")
  rows = list(range(height))
  if interlaced:
    rows = [y for start, step in [(0, 8), (4, 8), (2, 4), (1, 2)] for y in range(start, height, step)]
  return out + bytes([bits]) + blocks(codes(indices[rows].reshape(-1).tolist(), bits, clears), block)


def encode(size, frames, palette=None, background=0, end=b";"):
  """`size`: (width, height)."""
  flags = palette_flags(palette) if palette is not None else 0
  return b"GIF89a" + struct.pack("<HHBBB", *size, flags, background, 0) + (palette or b"") + b"".join(
    frames) + end
