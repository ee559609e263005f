// What readers share.
#pragma once

#include <stdio.h>

#include "CImage.h"

// round((alpha · colour + (255 − alpha) · background) / 255), as Pillow's paste with a mask.
static inline uint8_t cimage_blended(unsigned colour, unsigned background, unsigned alpha) {
  unsigned sum = alpha * colour + (255 - alpha) * background + 128;
  return (uint8_t)((sum + (sum >> 8)) >> 8);
}
