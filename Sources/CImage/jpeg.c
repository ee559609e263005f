// JPEG to RGB. Inks (CMYK, YCCK) are read as Pillow reads them: inverted, as Adobe writes them.
#include <stdarg.h>
#include <stdio.h>  // before jpeglib.h, which uses FILE
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>
#include <setjmp.h>

#include "check.h"

typedef struct {
  CImageReader base;
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf jump;
  CImageStatus status;
  char *message;  // of the call in progress
  CImageOptions options;
} JPEGReader;

_Noreturn static void fail(JPEGReader *reader, CImageStatus status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reader->message, CIMAGE_MESSAGE_SIZE, format, arguments);
  va_end(arguments);
  reader->status = status;
  longjmp(reader->jump, 1);
}

_Noreturn static void fail_with_libjpeg(JPEGReader *reader, CImageStatus status) {
  char text[JMSG_LENGTH_MAX];
  reader->errors.format_message((j_common_ptr)&reader->jpeg, text);
  fail(reader, status, "%s", text);
}

static const char *process_name(int start_of_frame) {
  switch (start_of_frame) {
    case 0xC3: return "lossless";
    case 0xCB: return "lossless arithmetic";
    case 0xC9: case 0xCA: return "arithmetic";
    default: return "hierarchical";
  }
}

// libjpeg's own ends the process.
static void on_error(j_common_ptr common) {
  JPEGReader *reader = common->client_data;
  int value = reader->errors.msg_parm.i[0];
  switch (reader->errors.msg_code) {
    case JERR_SOF_UNSUPPORTED:
      fail(reader, CIMAGE_UNSUPPORTED, "%s coding (frame 0x%x)", process_name(value), value);
    case JERR_ARITH_NOTIMPL:
      fail(reader, CIMAGE_UNSUPPORTED, "arithmetic-coded");
    case JERR_BAD_PRECISION:
      fail(reader, CIMAGE_UNSUPPORTED, "%d bits a sample, expected 8", value);
    case JERR_IMAGE_TOO_BIG:
      fail(
          reader, CIMAGE_OVER_LIMIT, "%u × %u pixels has a side over the limit of %u",
          reader->jpeg.image_width, reader->jpeg.image_height, value);
    case JERR_EMPTY_IMAGE:
      fail(
          reader, CIMAGE_OVER_LIMIT, "%u × %u pixels of %d components is empty",
          reader->jpeg.image_width, reader->jpeg.image_height, reader->jpeg.num_components);
    case JERR_OUT_OF_MEMORY:
      fail_with_libjpeg(reader, CIMAGE_OUT_OF_MEMORY);
    default:
      fail_with_libjpeg(reader, CIMAGE_DAMAGED);
  }
}

// Warnings that say nothing about the pixels, which are all there: bytes that belong to nothing
// between two parts of the file, and statements that the decoder does not need.
static int is_harmless(int code) {
  return code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM ||
      code == JWRN_NOT_SEQUENTIAL || code == JWRN_JFIF_MAJOR;
}

// A negative level is a warning, mostly of damaged data that libjpeg would make up pixels for.
static void on_message(j_common_ptr common, int level) {
  JPEGReader *reader = common->client_data;
  if (level >= 0) return;
  reader->errors.num_warnings++;
  if (is_harmless(reader->errors.msg_code)) {
    if (reader->base.note[0] != 0) return;
    char text[JMSG_LENGTH_MAX];
    reader->errors.format_message(common, text);
    snprintf(reader->base.note, CIMAGE_MESSAGE_SIZE, "%s", text);
  } else if (!reader->options.lenient) {
    fail_with_libjpeg(reader, CIMAGE_DAMAGED);
  }
}

static void on_output(j_common_ptr common) { (void)common; }

// Called for every row of blocks, so that a small file cannot ask for thousands of passes.
static void on_progress(j_common_ptr common) {
  JPEGReader *reader = common->client_data;
  if (reader->jpeg.input_scan_number > (int)reader->options.max_scans)
    fail(reader, CIMAGE_OVER_LIMIT, "more than %u scans", reader->options.max_scans);
}

static void read_header(JPEGReader *reader, const uint8_t *bytes, size_t count) {
  struct jpeg_decompress_struct *jpeg = &reader->jpeg;
  jpeg->err = jpeg_std_error(&reader->errors);
  reader->errors.error_exit = on_error;
  reader->errors.emit_message = on_message;
  reader->errors.output_message = on_output;
  jpeg->client_data = reader;
  jpeg_create_decompress(jpeg);
  reader->progress.progress_monitor = on_progress;
  jpeg->progress = &reader->progress;
  jpeg_mem_src(jpeg, bytes, (unsigned long)count);
  jpeg_read_header(jpeg, TRUE);
  if (jpeg->data_precision != 8)
    fail(reader, CIMAGE_UNSUPPORTED, "%d bits a sample, expected 8", jpeg->data_precision);
  if (jpeg->jpeg_color_space == JCS_UNKNOWN)
    fail(
        reader, CIMAGE_UNSUPPORTED, "%d components, expected 1, 3 or 4", jpeg->num_components);
  reader->status = cimage_check_size(
      jpeg->image_width, jpeg->image_height, &reader->options, reader->message);
  if (reader->status != CIMAGE_OK) longjmp(reader->jump, 1);
  reader->base.width = jpeg->image_width;
  reader->base.height = jpeg->image_height;
}

// round(a · b / 255)
static uint8_t product(unsigned a, unsigned b) {
  unsigned sum = a * b + 128;
  return (uint8_t)((sum + (sum >> 8)) >> 8);
}

// One row of inverted inks, [width, 4], to RGB, [width, 3], with Pillow's rounding.
static void inks_to_rgb(const uint8_t *inks, uint8_t *rgb, size_t width) {
  for (size_t x = 0; x < width; x++, inks += 4, rgb += 3)
    for (size_t c = 0; c < 3; c++)
      rgb[c] = (uint8_t)(inks[3] - product(255 - inks[c], inks[3]));
}

// libjpeg-turbo leaves out columns and rows since 1.5, reliably since this version.
#if defined(LIBJPEG_TURBO_VERSION_NUMBER) && LIBJPEG_TURBO_VERSION_NUMBER >= 2001004
#define HAS_PARTS 1
#endif

// Whether only some rows and columns can be decoded. Of a lossless file, which libjpeg-turbo reads
// since 3.0, they cannot: its first scan names a predictor and no coefficients.
static int has_parts(const struct jpeg_decompress_struct *jpeg) {
#ifdef HAS_PARTS
  return !(jpeg->Ss > 0 && jpeg->Se == 0);
#else
  (void)jpeg;
  return 0;
#endif
}

#ifdef HAS_PARTS
// Columns decoded beside those asked for: at a cut, chroma lacks the neighbour that it is
// interpolated with, so that up to two columns differ.
enum { margin = 8 };

// Whether every coefficient has been sent. Otherwise libjpeg smooths across blocks, and would not
// do so across a cut.
static int is_complete(const struct jpeg_decompress_struct *jpeg) {
  if (!jpeg->progressive_mode || jpeg->coef_bits == NULL) return 1;
  for (int c = 0; c < jpeg->num_components; c++)
    for (int i = 0; i < DCTSIZE2; i++)
      if (jpeg->coef_bits[c][i] != 0) return 0;
  return 1;
}
#endif

// Leaves out columns and the rows above `region`, as far as can be. Returns the first column that
// is decoded.
static uint32_t leave_out(struct jpeg_decompress_struct *jpeg, const CImageRegion *region) {
  JDIMENSION first = 0;
#ifdef HAS_PARTS
  if (!has_parts(jpeg) || !is_complete(jpeg)) return 0;
  // With chroma four times as wide and a shrunken image, libjpeg-turbo 2.1 loses its place.
  if (jpeg->scale_denom > 1 && jpeg->max_h_samp_factor > 2) return 0;
  JDIMENSION end = region->x + region->width + margin;
  if (end > jpeg->output_width) end = jpeg->output_width;
  first = region->x > margin ? region->x - margin : 0;
  JDIMENSION width = end - first;
  if (width < jpeg->output_width) jpeg_crop_scanline(jpeg, &first, &width);
  if (region->y > 0) jpeg_skip_scanlines(jpeg, region->y);
#else
  (void)region;
#endif
  return first;
}

static void read_row(JPEGReader *reader, JSAMPROW row) {
  struct jpeg_decompress_struct *jpeg = &reader->jpeg;
  uint32_t y = jpeg->output_scanline;
  if (jpeg_read_scanlines(jpeg, &row, 1) != 1)
    fail(reader, CIMAGE_DAMAGED, "ends in row %u of %u", y, jpeg->output_height);
}

// Reads what is below the region, so that damage there is found whatever the region: the coded
// data, of which no pixels are computed but those of the last row.
static void read_rest(JPEGReader *reader, JSAMPROW row) {
  struct jpeg_decompress_struct *jpeg = &reader->jpeg;
  if (jpeg->output_scanline < jpeg->output_height) {
    // Of several scans all have been read, up to the end of the file.
    if (jpeg_has_multiple_scans(jpeg)) return;
#ifdef HAS_PARTS
    // Never to the last row: libjpeg would take that for the end and leave out the data.
    JDIMENSION left = jpeg->output_height - jpeg->output_scanline;
    if (left > 1 && has_parts(jpeg)) jpeg_skip_scanlines(jpeg, left - 1);
#endif
    while (jpeg->output_scanline < jpeg->output_height) read_row(reader, row);
  }
  jpeg_finish_decompress(jpeg);  // a missing end is found here
}

// A row of [width, channels] to RGB, [width, 3].
static void write_row(const uint8_t *row, size_t channels, uint8_t *rgb, size_t width) {
  switch (channels) {
    case 1:
      for (size_t x = 0; x < width; x++) memset(rgb + 3 * x, row[x], 3);
      break;
    case 3: memcpy(rgb, row, 3 * width); break;
    default: inks_to_rgb(row, rgb, width);
  }
}

static void read_pixels(JPEGReader *reader, const CImageRegion *region, uint8_t *pixels) {
  struct jpeg_decompress_struct *jpeg = &reader->jpeg;
  size_t channels = (size_t)jpeg->num_components;
  jpeg->out_color_space = channels == 4 ? JCS_CMYK : channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_start_decompress(jpeg);
  // From libjpeg's pool, gone when the reader is closed.
  JSAMPROW row = jpeg->mem->alloc_large(
      (j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * channels);
  size_t skipped = (region->x - leave_out(jpeg, region)) * channels;
  while (jpeg->output_scanline < region->y + region->height) {
    uint32_t y = jpeg->output_scanline;
    read_row(reader, row);
    if (y < region->y) continue;
    uint8_t *target = pixels + (size_t)(y - region->y) * region->width * 3;
    write_row(row + skipped, channels, target, region->width);
  }
  read_rest(reader, row);
}

// libjpeg computes fewer frequencies of each block of 8 × 8.
static void shrink_jpeg(CImageReader *base, uint32_t denominator) {
  struct jpeg_decompress_struct *jpeg = &((JPEGReader *)base)->jpeg;
  jpeg->scale_num = 1;
  jpeg->scale_denom = denominator;
  jpeg_calc_output_dimensions(jpeg);
  base->width = jpeg->output_width;
  base->height = jpeg->output_height;
}

static void close_jpeg(CImageReader *base) {
  JPEGReader *reader = (JPEGReader *)base;
  jpeg_destroy_decompress(&reader->jpeg);
  free(reader);
}

static CImageStatus read_jpeg(
    CImageReader *base, const CImageRegion *region, uint8_t *pixels, char *message) {
  JPEGReader *reader = (JPEGReader *)base;
  reader->message = message;
  if (setjmp(reader->jump) != 0) return reader->status;
  read_pixels(reader, region, pixels);
  return CIMAGE_OK;
}

CImageStatus cimage_open_jpeg(
    CImageReader **result, const uint8_t *bytes, size_t count, const CImageOptions *options,
    char *message) {
  JPEGReader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) {
    snprintf(message, CIMAGE_MESSAGE_SIZE, "no memory to read a JPEG");
    return CIMAGE_OUT_OF_MEMORY;
  }
  reader->base.shrink = shrink_jpeg;
  reader->base.read = read_jpeg;
  reader->base.close = close_jpeg;
  reader->options = *options;
  reader->message = message;
  if (setjmp(reader->jump) != 0) {
    CImageStatus status = reader->status;
    close_jpeg(&reader->base);
    return status;
  }
  read_header(reader, bytes, count);
  *result = &reader->base;
  return CIMAGE_OK;
}
