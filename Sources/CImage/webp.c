// WebP to RGB: still images, and the first frame of an animation, as Pillow reads them.
#include <stdlib.h>
#include <string.h>

#include "check.h"

#if __has_include(<webp/decode.h>) && __has_include(<webp/demux.h>)
#include <webp/decode.h>
#include <webp/demux.h>

typedef struct {
  CImageReader base;
  CImageOptions options;
  WebPDemuxer *demuxer;
  WebPIterator frame;  // the first one, perhaps smaller than the image
  int has_alpha;
} WebPReader;

static CImageStatus fail(char *message, VP8StatusCode code) {
  switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY:
      snprintf(message, CIMAGE_MESSAGE_SIZE, "no memory to read a WebP");
      return CIMAGE_OUT_OF_MEMORY;
    case VP8_STATUS_NOT_ENOUGH_DATA:
      snprintf(message, CIMAGE_MESSAGE_SIZE, "ends before the image does");
      return CIMAGE_DAMAGED;
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      snprintf(message, CIMAGE_MESSAGE_SIZE, "a feature that libwebp does not read");
      return CIMAGE_UNSUPPORTED;
    default:
      snprintf(message, CIMAGE_MESSAGE_SIZE, "the coded data is not valid");
      return CIMAGE_DAMAGED;
  }
}

// Decodes rows of the frame from `y` to its end, as many columns as asked for: to [rows, width,
// channels]. The rows below those that are needed are decoded so that damage in them is found.
static CImageStatus decode(
    const WebPReader *reader, const CImageRegion *part, int channels, uint8_t *target,
    size_t bytes, char *message) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return fail(message, VP8_STATUS_OUT_OF_MEMORY);
  config.options.use_cropping = 1;
  config.options.crop_left = (int)part->x;
  config.options.crop_top = (int)part->y;
  config.options.crop_width = (int)part->width;
  config.options.crop_height = (int)part->height;
  config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = target;
  config.output.u.RGBA.stride = (int)part->width * channels;
  config.output.u.RGBA.size = bytes;
  VP8StatusCode code =
      WebPDecode(reader->frame.fragment.bytes, reader->frame.fragment.size, &config);
  return code == VP8_STATUS_OK ? CIMAGE_OK : fail(message, code);
}

// [count, channels] → [count, 3]
static void write_pixels(
    const WebPReader *reader, const uint8_t *source, int channels, size_t count,
    uint8_t *pixels) {
  if (channels == 3) {
    memcpy(pixels, source, 3 * count);
    return;
  }
  for (size_t i = 0; i < count; i++)
    for (size_t c = 0; c < 3; c++)
      pixels[3 * i + c] = cimage_blended(
          source[4 * i + c], reader->options.background[c], source[4 * i + 3]);
}

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

// Columns and rows decoded beside those asked for, as colours between two pixels are interpolated.
enum { margin = 2 };

static CImageStatus read_webp(
    CImageReader *base, const CImageRegion *region, uint8_t *pixels, char *message) {
  WebPReader *reader = (WebPReader *)base;
  const WebPIterator *frame = &reader->frame;
  int channels = reader->has_alpha && reader->options.composites ? 4 : 3;
  // What the region and the frame have in common, in pixels of the image.
  uint32_t left = larger(region->x, (uint32_t)frame->x_offset);
  uint32_t top = larger(region->y, (uint32_t)frame->y_offset);
  uint32_t right = smaller(region->x + region->width, (uint32_t)(frame->x_offset + frame->width));
  uint32_t bottom =
      smaller(region->y + region->height, (uint32_t)(frame->y_offset + frame->height));
  int is_inside = left < right && top < bottom;
  if (!is_inside || right - left < region->width || bottom - top < region->height) {
    // Around a frame the image is transparent black.
    const uint8_t black[3] = {0, 0, 0};
    const uint8_t *around = channels == 4 ? reader->options.background : black;
    for (size_t i = 0; i < (size_t)region->width * region->height; i++)
      memcpy(pixels + 3 * i, around, 3);
  }
  // The part of the frame that is decoded; if nothing is needed, a column to find damage.
  CImageRegion part = {0, 0, 1, (uint32_t)frame->height};
  uint32_t x = 0, y = 0;  // of the first pixel needed, in the frame
  if (is_inside) {
    x = left - (uint32_t)frame->x_offset;
    y = top - (uint32_t)frame->y_offset;
    part.x = (x > margin ? x - margin : 0) & ~1u;  // libwebp begins at even places
    part.y = (y > margin ? y - margin : 0) & ~1u;
    part.width = smaller(x + (right - left) + margin, (uint32_t)frame->width) - part.x;
    part.height = (uint32_t)frame->height - part.y;
  }
  size_t row_bytes = (size_t)part.width * (size_t)channels;
  size_t bytes = row_bytes * part.height;
  uint8_t *rows = malloc(bytes);
  if (rows == NULL) return fail(message, VP8_STATUS_OUT_OF_MEMORY);
  CImageStatus status = decode(reader, &part, channels, rows, bytes, message);
  if (status == CIMAGE_OK && is_inside)
    for (uint32_t row = 0; row < bottom - top; row++) {
      const uint8_t *source =
          rows + (y - part.y + row) * row_bytes + (size_t)(x - part.x) * (size_t)channels;
      size_t place = (size_t)(top - region->y + row) * region->width + (left - region->x);
      write_pixels(reader, source, channels, right - left, pixels + 3 * place);
    }
  free(rows);
  return status;
}

static void close_webp(CImageReader *base) {
  WebPReader *reader = (WebPReader *)base;
  WebPDemuxReleaseIterator(&reader->frame);
  WebPDemuxDelete(reader->demuxer);
  free(reader);
}

// Finds the first frame; whatever is there hangs from the reader.
static CImageStatus open_frame(
    WebPReader *reader, const uint8_t *bytes, size_t count, char *message) {
  WebPBitstreamFeatures features;
  VP8StatusCode code = WebPGetFeatures(bytes, count, &features);
  if (code != VP8_STATUS_OK) return fail(message, code);
  reader->base.width = (uint32_t)features.width;
  reader->base.height = (uint32_t)features.height;
  reader->has_alpha = features.has_alpha;
  CImageStatus status = cimage_check_size(
      reader->base.width, reader->base.height, &reader->options, message);
  if (status != CIMAGE_OK) return status;
  WebPData data = {bytes, count};
  reader->demuxer = WebPDemux(&data);
  if (reader->demuxer == NULL || !WebPDemuxGetFrame(reader->demuxer, 1, &reader->frame)) {
    snprintf(
        message, CIMAGE_MESSAGE_SIZE, "its chunks do not fit together, or it is cut off after "
        "%zu bytes", count);
    return CIMAGE_DAMAGED;
  }
  return CIMAGE_OK;
}

CImageStatus cimage_open_webp(
    CImageReader **result, const uint8_t *bytes, size_t count, const CImageOptions *options,
    char *message) {
  WebPReader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return fail(message, VP8_STATUS_OUT_OF_MEMORY);
  reader->base.read = read_webp;
  reader->base.close = close_webp;
  reader->options = *options;
  CImageStatus status = open_frame(reader, bytes, count, message);
  if (status == CIMAGE_OK)
    *result = &reader->base;
  else
    close_webp(&reader->base);
  return status;
}

int cimage_reads_webp(void) { return 1; }

#else

CImageStatus cimage_open_webp(
    CImageReader **result, const uint8_t *bytes, size_t count, const CImageOptions *options,
    char *message) {
  (void)result, (void)bytes, (void)count, (void)options;
  snprintf(message, CIMAGE_MESSAGE_SIZE, "built without libwebp");
  return CIMAGE_UNSUPPORTED;
}

int cimage_reads_webp(void) { return 0; }

#endif
