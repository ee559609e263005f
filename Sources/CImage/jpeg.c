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
  uint8_t *exif;  // a copy, as libjpeg drops its markers when the image is complete
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

// A negative level is a warning: damaged data that libjpeg would make up pixels for. Only an
// unknown JFIF revision says nothing about them.
static void on_message(j_common_ptr common, int level) {
  JPEGReader *reader = common->client_data;
  if (level >= 0) return;
  reader->errors.num_warnings++;
  if (!reader->options.lenient && reader->errors.msg_code != JWRN_JFIF_MAJOR)
    fail_with_libjpeg(reader, CIMAGE_DAMAGED);
}

static void on_output(j_common_ptr common) { (void)common; }

// Called for every row of blocks, so that a small file cannot ask for thousands of passes.
static void on_progress(j_common_ptr common) {
  JPEGReader *reader = common->client_data;
  if (reader->jpeg.input_scan_number > (int)reader->options.max_scans)
    fail(reader, CIMAGE_OVER_LIMIT, "more than %u scans", reader->options.max_scans);
}

static void find_exif(JPEGReader *reader) {
  for (jpeg_saved_marker_ptr m = reader->jpeg.marker_list; m != NULL; m = m->next)
    if (m->marker == JPEG_APP0 + 1 && m->data_length > 6 && memcmp(m->data, "Exif\0\0", 6) == 0) {
      reader->base.exif_count = m->data_length - 6;
      reader->exif = malloc(reader->base.exif_count);
      if (reader->exif == NULL) fail(reader, CIMAGE_OUT_OF_MEMORY, "no memory for EXIF");
      memcpy(reader->exif, m->data + 6, reader->base.exif_count);
      reader->base.exif = reader->exif;
      return;
    }
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
  jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(jpeg, TRUE);
  if (jpeg->arith_code) fail(reader, CIMAGE_UNSUPPORTED, "arithmetic-coded");
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
  find_exif(reader);
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

static void read_pixels(JPEGReader *reader, uint8_t *pixels) {
  struct jpeg_decompress_struct *jpeg = &reader->jpeg;
  int has_inks = jpeg->num_components == 4;
  jpeg->out_color_space = has_inks ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(jpeg);
  size_t row_bytes = (size_t)jpeg->output_width * 3;
  JSAMPROW inks = NULL;  // from libjpeg's pool, gone when the reader is closed
  if (has_inks)
    inks = jpeg->mem->alloc_large(
        (j_common_ptr)jpeg, JPOOL_IMAGE, (size_t)jpeg->output_width * 4);
  while (jpeg->output_scanline < jpeg->output_height) {
    uint8_t *target = pixels + jpeg->output_scanline * row_bytes;
    JSAMPROW row = has_inks ? inks : target;
    if (jpeg_read_scanlines(jpeg, &row, 1) != 1)
      fail(reader, CIMAGE_DAMAGED, "ends in row %u of %u", jpeg->output_scanline,
           jpeg->output_height);
    if (has_inks) inks_to_rgb(inks, target, jpeg->output_width);
  }
  jpeg_finish_decompress(jpeg);  // a missing end is found here
}

static void close_jpeg(CImageReader *base) {
  JPEGReader *reader = (JPEGReader *)base;
  jpeg_destroy_decompress(&reader->jpeg);
  free(reader->exif);
  free(reader);
}

static CImageStatus read_jpeg(CImageReader *base, uint8_t *pixels, char *message) {
  JPEGReader *reader = (JPEGReader *)base;
  reader->message = message;
  if (setjmp(reader->jump) != 0) return reader->status;
  read_pixels(reader, pixels);
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
