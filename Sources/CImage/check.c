// The check of a size before anything is allocated for it.
#include <stdio.h>

#include "CImage.h"

CImageStatus cimage_check_size(
    uint32_t width, uint32_t height, const CImageOptions *options, char *message) {
  uint64_t pixels = (uint64_t)width * height;
  if (pixels == 0) {
    snprintf(message, CIMAGE_MESSAGE_SIZE, "%u × %u pixels is empty", width, height);
    return CIMAGE_OVER_LIMIT;
  }
  if (width > options->max_side || height > options->max_side) {
    snprintf(
        message, CIMAGE_MESSAGE_SIZE, "%u × %u pixels has a side over the limit of %u", width,
        height, options->max_side);
    return CIMAGE_OVER_LIMIT;
  }
  // Four bytes a pixel must fit into a size as well, whatever the options say.
  if (pixels > options->max_pixels || pixels > SIZE_MAX / 16) {
    snprintf(
        message, CIMAGE_MESSAGE_SIZE, "%u × %u pixels is over the limit of %llu pixels", width,
        height, (unsigned long long)options->max_pixels);
    return CIMAGE_OVER_LIMIT;
  }
  return CIMAGE_OK;
}
