// 8-bit gray or RGB to PNG, in memory.
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CImage.h"

typedef struct {
  jmp_buf jump;
  char *message;
  png_structp png;
  png_infop info;
  uint8_t *bytes;
  size_t count;
  size_t capacity;
} PNGWriter;

static void on_error(png_structp png, png_const_charp text) {
  PNGWriter *writer = png_get_error_ptr(png);
  snprintf(writer->message, CIMAGE_MESSAGE_SIZE, "%s", text);
  longjmp(writer->jump, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void on_write(png_structp png, png_bytep source, size_t length) {
  PNGWriter *writer = png_get_io_ptr(png);
  if (length > writer->capacity - writer->count) {
    size_t capacity = 2 * writer->capacity + length + 1024;
    uint8_t *grown = realloc(writer->bytes, capacity);
    if (grown == NULL) png_error(png, "no memory for the encoded image");
    writer->bytes = grown;
    writer->capacity = capacity;
  }
  memcpy(writer->bytes + writer->count, source, length);
  writer->count += length;
}

static void on_flush(png_structp png) { (void)png; }

static void write_image(
    PNGWriter *writer, const uint8_t *pixels, uint32_t width, uint32_t height, int channels,
    int effort) {
  writer->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, on_error, on_warning);
  writer->info = writer->png ? png_create_info_struct(writer->png) : NULL;
  if (writer->info == NULL) {
    snprintf(writer->message, CIMAGE_MESSAGE_SIZE, "no memory to write a PNG");
    longjmp(writer->jump, 1);
  }
  png_set_write_fn(writer->png, writer, on_write, on_flush);
  png_set_IHDR(
      writer->png, writer->info, width, height, 8,
      channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(writer->png, effort);
  png_write_info(writer->png, writer->info);
  for (size_t y = 0; y < height; y++)
    png_write_row(writer->png, pixels + y * width * (size_t)channels);
  png_write_end(writer->png, writer->info);
}

CImageStatus cimage_encode_png(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int effort,
    uint8_t **bytes, size_t *count, char *message) {
  PNGWriter *writer = calloc(1, sizeof *writer);
  if (writer == NULL) {
    snprintf(message, CIMAGE_MESSAGE_SIZE, "no memory to write a PNG");
    return CIMAGE_OUT_OF_MEMORY;
  }
  writer->message = message;
  CImageStatus status = CIMAGE_DAMAGED;
  if (setjmp(writer->jump) == 0) {
    write_image(writer, pixels, width, height, channels, effort);
    *bytes = writer->bytes;
    *count = writer->count;
    writer->bytes = NULL;  // the caller's from here on
    status = CIMAGE_OK;
  } else {
    status = CIMAGE_DAMAGED;
  }
  if (writer->png != NULL) png_destroy_write_struct(&writer->png, &writer->info);
  free(writer->bytes);
  free(writer);
  return status;
}
