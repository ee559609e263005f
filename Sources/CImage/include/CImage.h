// libpng, libjpeg, libwebp and zlib behind plain status codes.
//
// It is C because libpng and libjpeg report errors by longjmp, which must not cross a Swift frame.
// Every function here that calls them sets its own jump target, and whatever it allocates hangs
// from a heap object made before that target, so nothing leaks when a jump is taken. Nothing is
// global: any number of threads may read at once, each with a reader of its own.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes of every message buffer, the terminating zero included.
#define CIMAGE_MESSAGE_SIZE 256

typedef enum {
  CIMAGE_OK = 0,
  CIMAGE_DAMAGED,        // the data is not what the format demands
  CIMAGE_UNSUPPORTED,    // a form of the format that is not read here
  CIMAGE_OVER_LIMIT,     // larger than the options allow, or without pixels
  CIMAGE_OUT_OF_MEMORY,
} CImageStatus;

typedef struct {
  uint64_t max_pixels;    // of width · height
  uint32_t max_side;      // of width and of height
  uint32_t max_scans;     // JPEG: passes over the image
  int lenient;            // JPEG: accept data that libjpeg has a warning for
  int composites;         // blend with `background` instead of dropping alpha
  uint8_t background[3];  // [red, green, blue]
  int cuts_16_bit;        // PNG: Pillow's 8 bits of 16 instead of round(v / 257)
  int keeps_alpha;        // PNG: four bytes a pixel, RGBA, instead of three
} CImageOptions;

// Checks a size against `options`; `message` says what is wrong with it.
CImageStatus cimage_check_size(
    uint32_t width, uint32_t height, const CImageOptions *options, char *message);

// A rectangle of pixels within an image.
typedef struct {
  uint32_t x, y, width, height;
} CImageRegion;

// An image whose header has been read. It borrows the bytes of the file until it is closed.
typedef struct CImageReader {
  uint32_t width;
  uint32_t height;
  // What was wrong with the file although all its pixels are known; empty if nothing was.
  char note[CIMAGE_MESSAGE_SIZE];
  void (*shrink)(struct CImageReader *, uint32_t denominator);  // NULL: cannot
  CImageStatus (*read)(
      struct CImageReader *, const CImageRegion *region, uint8_t *pixels, char *message);
  void (*close)(struct CImageReader *);
} CImageReader;

// Reads a header and checks it against `options`. On success `*reader` must be closed; on failure
// there is nothing to close, and `message` says why.
CImageStatus cimage_open_png(
    CImageReader **reader, const uint8_t *bytes, size_t count, const CImageOptions *options,
    char *message);
CImageStatus cimage_open_jpeg(
    CImageReader **reader, const uint8_t *bytes, size_t count, const CImageOptions *options,
    char *message);
CImageStatus cimage_open_webp(
    CImageReader **reader, const uint8_t *bytes, size_t count, const CImageOptions *options,
    char *message);

// Whether this build has libwebp; without it `cimage_open_webp` gives CIMAGE_UNSUPPORTED.
int cimage_reads_webp(void);

// Decodes a part to `pixels`, [region height, region width, 3] bytes of RGB, or 4 with
// `keeps_alpha`: the same bytes as in the whole image, to the last bit. Once for a reader.
//
// The rest of the file is read too, as far as damage shows: whether a file is sound does not depend
// on the part that is asked for.
static inline CImageStatus cimage_read(
    CImageReader *reader, const CImageRegion *region, uint8_t *pixels, char *message) {
  return reader->read(reader, region, pixels, message);
}

// Makes the image 1, 2, 4 or 8 times smaller, rounded up, by leaving out high frequencies: faster,
// but not what a filter would make of the whole. Before `cimage_read`; 0 if the format cannot.
static inline int cimage_shrink(CImageReader *reader, uint32_t denominator) {
  if (reader->shrink == NULL) return 0;
  reader->shrink(reader, denominator);
  return 1;
}

static inline void cimage_close(CImageReader *reader) { reader->close(reader); }

// Writes a PNG of 8-bit gray (channels 1) or RGB (channels 3) to memory: `*bytes` is from malloc.
// `effort` is zlib's, 1 (fast) to 9 (small).
CImageStatus cimage_encode_png(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int effort,
    uint8_t **bytes, size_t *count, char *message);

// Inflates one gzip member or zlib stream of at most `limit` bytes: `*output` is from malloc.
CImageStatus cimage_inflate(
    const uint8_t *bytes, size_t count, size_t limit, uint8_t **output, size_t *output_count,
    char *message);

// The checksum of a PNG's chunk.
uint32_t cimage_crc32(const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif
