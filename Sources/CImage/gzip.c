// A gzip member or zlib stream to its bytes, with a bound, as a small file can hold gigabytes.
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "CImage.h"

static CImageStatus inflate_all(
    z_stream *stream, size_t count, size_t limit, uint8_t **output, size_t *output_count,
    char *message) {
  size_t capacity = 0;
  size_t used = 0;
  for (;;) {
    if (used == capacity) {
      if (capacity > limit) {
        snprintf(message, CIMAGE_MESSAGE_SIZE, "more than the limit of %zu bytes", limit);
        return CIMAGE_OVER_LIMIT;
      }
      // One byte above the limit, to tell a file of that size from a larger one.
      size_t most = limit < SIZE_MAX ? limit + 1 : limit;
      capacity = capacity == 0 ? 4 * count + 1024 : 2 * capacity;
      if (capacity > most) capacity = most;
      uint8_t *grown = realloc(*output, capacity);
      if (grown == NULL) {
        snprintf(message, CIMAGE_MESSAGE_SIZE, "no memory for %zu bytes", capacity);
        return CIMAGE_OUT_OF_MEMORY;
      }
      *output = grown;
    }
    size_t room = capacity - used;
    uInt step = room < UINT_MAX / 2 ? (uInt)room : UINT_MAX / 2;
    stream->next_out = *output + used;
    stream->avail_out = step;
    int status = inflate(stream, Z_NO_FLUSH);
    used += step - stream->avail_out;
    if (status == Z_STREAM_END && used <= limit) {
      *output_count = used;
      return CIMAGE_OK;
    }
    if (status == Z_STREAM_END) continue;  // full by one byte: refused above
    if (status == Z_MEM_ERROR) {
      snprintf(message, CIMAGE_MESSAGE_SIZE, "no memory to inflate");
      return CIMAGE_OUT_OF_MEMORY;
    }
    if (status != Z_OK || (stream->avail_in == 0 && stream->avail_out > 0)) {
      const char *reason = stream->msg;
      if (reason == NULL)
        reason = stream->avail_in == 0 ? "ends too early" : "not gzip or zlib data";
      snprintf(message, CIMAGE_MESSAGE_SIZE, "%s", reason);
      return CIMAGE_DAMAGED;
    }
  }
}

CImageStatus cimage_inflate(
    const uint8_t *bytes, size_t count, size_t limit, uint8_t **output, size_t *output_count,
    char *message) {
  *output = NULL;
  *output_count = 0;
  if (count > UINT_MAX / 8) {
    snprintf(message, CIMAGE_MESSAGE_SIZE, "%zu compressed bytes is over the limit", count);
    return CIMAGE_OVER_LIMIT;
  }
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (inflateInit2(&stream, 32 + MAX_WBITS) != Z_OK) {
    snprintf(message, CIMAGE_MESSAGE_SIZE, "no memory to inflate");
    return CIMAGE_OUT_OF_MEMORY;
  }
  stream.next_in = (Bytef *)bytes;
  stream.avail_in = (uInt)count;
  CImageStatus status = inflate_all(&stream, count, limit, output, output_count, message);
  inflateEnd(&stream);
  if (status != CIMAGE_OK) {
    free(*output);
    *output = NULL;
  }
  return status;
}

uint32_t cimage_crc32(const uint8_t *bytes, size_t count) {
  uLong checksum = crc32(0, NULL, 0);
  while (count > 0) {
    uInt step = count < UINT_MAX / 2 ? (uInt)count : UINT_MAX / 2;
    checksum = crc32(checksum, bytes, step);
    bytes += step;
    count -= step;
  }
  return (uint32_t)checksum;
}
