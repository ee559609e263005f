// PNG to RGB. Palettes are looked up here, so that an index without a colour is noticed; all other
// forms are widened, scaled and stripped by libpng.
#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

typedef struct {
  CImageReader base;
  jmp_buf jump;
  CImageStatus status;
  char *message;  // of the call in progress
  CImageOptions options;
  const uint8_t *bytes;
  size_t count;
  size_t offset;
  png_structp png;
  png_infop info;
  // Palette: the region's indices; compositing: its pixels, [height, width, 4].
  uint8_t *scratch;
  uint8_t *line;  // a row of the image, or all of them if they are interlaced
} PNGReader;

_Noreturn static void fail(PNGReader *reader, CImageStatus status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reader->message, CIMAGE_MESSAGE_SIZE, format, arguments);
  va_end(arguments);
  reader->status = status;
  longjmp(reader->jump, 1);
}

static void on_error(png_structp png, png_const_charp text) {
  fail(png_get_error_ptr(png), CIMAGE_DAMAGED, "%s", text);
}

// libpng only warns when the compressed data ends in a wrong checksum. Data beyond the last row
// is let pass: every pixel is known then.
static void on_warning(png_structp png, png_const_charp text) {
  if (strncmp(text, "IDAT: ", 6) == 0 && strstr(text, "Extra compressed data") == NULL &&
      strstr(text, "Too much image data") == NULL)
    on_error(png, text);
}

static void on_read(png_structp png, png_bytep target, size_t length) {
  PNGReader *reader = png_get_io_ptr(png);
  if (length > reader->count - reader->offset)
    fail(reader, CIMAGE_DAMAGED, "ends after %zu bytes, before the image does", reader->count);
  memcpy(target, reader->bytes + reader->offset, length);
  reader->offset += length;
}

static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void read_header(PNGReader *reader) {
  // The size first, from where it always is: libpng's own message would not name it.
  if (reader->count >= 24 && memcmp(reader->bytes + 12, "IHDR", 4) == 0) {
    CImageStatus status = cimage_check_size(
        big_endian(reader->bytes + 16), big_endian(reader->bytes + 20), &reader->options,
        reader->message);
    if (status != CIMAGE_OK) {
      reader->status = status;
      longjmp(reader->jump, 1);
    }
  }
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, on_error, on_warning);
  reader->info = reader->png ? png_create_info_struct(reader->png) : NULL;
  if (reader->info == NULL) fail(reader, CIMAGE_OUT_OF_MEMORY, "no memory to read a PNG");
  png_structp png = reader->png;
  png_set_read_fn(png, reader, on_read);
  png_set_user_limits(png, reader->options.max_side, reader->options.max_side);
  png_set_chunk_malloc_max(png, 1 << 20);
  png_set_chunk_cache_max(png, 16);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  // Nothing but the pixels and their transparency: of all other chunks only the checksums count.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(png, reader->info);
  reader->base.width = png_get_image_width(png, reader->info);
  reader->base.height = png_get_image_height(png, reader->info);
}

static uint8_t *allocate(PNGReader *reader, size_t width, size_t height, size_t channels) {
  uint8_t *memory = malloc(width * height * channels);
  if (memory == NULL)
    fail(reader, CIMAGE_OUT_OF_MEMORY, "no memory for %zu × %zu pixels", width, height);
  return memory;
}

// Fills `target`, [region height, region width, channels].
//
// All rows are read, also those below the region: the compressed data has a checksum at its end.
static void read_rows(
    PNGReader *reader, const CImageRegion *region, uint8_t *target, size_t channels) {
  png_structp png = reader->png;
  size_t row_bytes = (size_t)reader->base.width * channels;
  size_t target_bytes = (size_t)region->width * channels;
  size_t skipped = (size_t)region->x * channels;
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);
  if (png_get_rowbytes(png, reader->info) != row_bytes)
    fail(
        reader, CIMAGE_DAMAGED, "rows of %zu bytes, expected %zu",
        (size_t)png_get_rowbytes(png, reader->info), row_bytes);
  // Each pass over an interlaced image adds pixels to the rows of the one before.
  size_t kept = passes == 1 ? 1 : reader->base.height;
  reader->line = allocate(reader, reader->base.width, kept, channels);
  for (int pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < reader->base.height; y++) {
      uint8_t *line = reader->line + (y % kept) * row_bytes;
      png_read_row(png, line, NULL);
      if (pass == passes - 1 && y >= region->y && y - region->y < region->height)
        memcpy(target + (y - region->y) * target_bytes, line + skipped, target_bytes);
    }
}

static void read_palette(PNGReader *reader, const CImageRegion *region, uint8_t *pixels) {
  png_colorp palette = NULL;
  int colours = 0;
  png_bytep alphas = NULL;
  int alpha_count = 0;
  png_get_PLTE(reader->png, reader->info, &palette, &colours);
  png_get_tRNS(reader->png, reader->info, &alphas, &alpha_count, NULL);
  const uint8_t *background = reader->options.background;
  uint8_t table[256][4] = {{0}};
  for (int i = 0; i < colours && i < 256; i++) {
    unsigned stored = i < alpha_count ? alphas[i] : 255;
    unsigned alpha = reader->options.composites ? stored : 255;
    table[i][0] = cimage_blended(palette[i].red, background[0], alpha);
    table[i][1] = cimage_blended(palette[i].green, background[1], alpha);
    table[i][2] = cimage_blended(palette[i].blue, background[2], alpha);
    table[i][3] = (uint8_t)stored;
  }
  uint8_t *indices = reader->scratch = allocate(reader, region->width, region->height, 1);
  png_set_packing(reader->png);
  read_rows(reader, region, indices, 1);
  size_t count = (size_t)region->width * region->height;
  size_t channels = reader->options.keeps_alpha ? 4 : 3;
  for (size_t i = 0; i < count; i++)
    memcpy(pixels + channels * i, table[indices[i]], channels);
  int largest = png_get_palette_max(reader->png, reader->info);
  if (largest >= colours)
    fail(
        reader, CIMAGE_DAMAGED, "colour %d of a palette of %d is used (they count from 0)", largest,
        colours);
}

static void read_composited(PNGReader *reader, const CImageRegion *region, uint8_t *pixels) {
  uint8_t *rgba = reader->scratch = allocate(reader, region->width, region->height, 4);
  read_rows(reader, region, rgba, 4);
  const uint8_t *background = reader->options.background;
  size_t count = (size_t)region->width * region->height;
  for (size_t i = 0; i < count; i++)
    for (size_t c = 0; c < 3; c++)
      pixels[3 * i + c] = cimage_blended(rgba[4 * i + c], background[c], rgba[4 * i + 3]);
}

static void clip_row(png_structp png, png_row_infop row, png_bytep samples) {
  (void)png;
  for (size_t i = 0; i < row->rowbytes / 2; i++)
    samples[i] = samples[2 * i] > 0 ? 255 : samples[2 * i + 1];
}

// Pillow has a mode for gray of 16 bits, whose way to RGB is min(v, 255).
static void clip_16_bit(png_structp png, int channels) {
  png_set_read_user_transform_fn(png, clip_row);
  png_set_user_transform_info(png, NULL, 8, channels);
}

static void read_pixels(PNGReader *reader, const CImageRegion *region, uint8_t *pixels) {
  png_structp png = reader->png;
  const CImageOptions *options = &reader->options;
  int colour = png_get_color_type(png, reader->info);
  int has_key = png_get_valid(png, reader->info, PNG_INFO_tRNS) != 0;
  int has_alpha = (colour & PNG_COLOR_MASK_ALPHA) != 0;
  if (colour == PNG_COLOR_TYPE_PALETTE) {
    read_palette(reader, region, pixels);
  } else {
    if (!options->cuts_16_bit)
      png_set_scale_16(png);
    else if (colour != PNG_COLOR_TYPE_GRAY || png_get_bit_depth(png, reader->info) < 16)
      png_set_strip_16(png);
    else
      clip_16_bit(png, options->keeps_alpha || (options->composites && has_key) ? 4 : 3);
    if (colour == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(png);
    if (!(colour & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
    if (options->keeps_alpha) {
      if (has_key) png_set_tRNS_to_alpha(png);
      if (!has_key && !has_alpha) png_set_add_alpha(png, 255, PNG_FILLER_AFTER);
      read_rows(reader, region, pixels, 4);
    } else if (options->composites && (has_key || has_alpha)) {
      if (has_key) png_set_tRNS_to_alpha(png);
      read_composited(reader, region, pixels);
    } else {
      if (has_alpha) png_set_strip_alpha(png);
      read_rows(reader, region, pixels, 3);
    }
  }
  png_read_end(png, reader->info);  // a missing end or a wrong checksum is found here
}

static void close_png(CImageReader *base) {
  PNGReader *reader = (PNGReader *)base;
  if (reader->png != NULL) png_destroy_read_struct(&reader->png, &reader->info, NULL);
  free(reader->scratch);
  free(reader->line);
  free(reader);
}

static CImageStatus read_png(
    CImageReader *base, const CImageRegion *region, uint8_t *pixels, char *message) {
  PNGReader *reader = (PNGReader *)base;
  reader->message = message;
  if (setjmp(reader->jump) != 0) return reader->status;
  read_pixels(reader, region, pixels);
  return CIMAGE_OK;
}

CImageStatus cimage_open_png(
    CImageReader **result, const uint8_t *bytes, size_t count, const CImageOptions *options,
    char *message) {
  PNGReader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) {
    snprintf(message, CIMAGE_MESSAGE_SIZE, "no memory to read a PNG");
    return CIMAGE_OUT_OF_MEMORY;
  }
  reader->base.read = read_png;
  reader->base.close = close_png;
  reader->bytes = bytes;
  reader->count = count;
  reader->options = *options;
  reader->message = message;
  if (setjmp(reader->jump) != 0) {
    CImageStatus status = reader->status;
    close_png(&reader->base);
    return status;
  }
  read_header(reader);
  *result = &reader->base;
  return CIMAGE_OK;
}
