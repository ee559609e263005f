#include "internal.h"

// A product must be rounded before it is added to: results are compared with whole numbers.
#pragma clang fp contract(off)

// In the middle where factor is not in [0, 1], a + factor (b - a) leaves the range of a byte.
CK_INLINE uint8_t ck_blend_byte(int a, int b, float factor) {
  float value = (float)a + factor * (float)(b - a);
  value = value < 0.0f ? 0.0f : value;
  return (uint8_t)(int)(value > 255.0f ? 255.0f : value);
}

CK_KERNEL(void, ck_blend,
          (uint8_t *out, const uint8_t *a, const uint8_t *b, float factor, ptrdiff_t n),
          (out, a, b, factor, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = ck_blend_byte(a[i], b[i], factor);
}

CK_INLINE int ck_luma_of(const uint8_t *pixel) {
  return (pixel[0] * 19595 + pixel[1] * 38470 + pixel[2] * 7471 + 0x8000) >> 16;
}

CK_KERNEL(void, ck_saturate, (uint8_t *out, const uint8_t *in, float factor, ptrdiff_t pixels),
          (out, in, factor, pixels)) {
  CK_ROW
  for (ptrdiff_t i = 0; i < pixels; i++) {
    const int gray = ck_luma_of(in + 3 * i);
    const uint8_t r = ck_blend_byte(gray, in[3 * i], factor);
    const uint8_t g = ck_blend_byte(gray, in[3 * i + 1], factor);
    const uint8_t b = ck_blend_byte(gray, in[3 * i + 2], factor);
    out[3 * i] = r;
    out[3 * i + 1] = g;
    out[3 * i + 2] = b;
  }
}

CK_KERNEL(int64_t, ck_luma_sum, (const uint8_t *in, ptrdiff_t pixels), (in, pixels)) {
  int64_t total = 0;
  for (ptrdiff_t start = 0; start < pixels; start += 4096) {
    const ptrdiff_t end = start + 4096 < pixels ? start + 4096 : pixels;
    int sum = 0;
    CK_ROW
    for (ptrdiff_t i = start; i < end; i++) sum += ck_luma_of(in + 3 * i);
    total += sum;
  }
  return total;
}

// S / 13 is never halfway between two whole numbers, so that rounding it is exact.
CK_KERNEL(void, ck_smooth,
          (uint8_t *restrict out, const uint8_t *in, ptrdiff_t stride, ptrdiff_t n),
          (out, in, stride, n)) {
  const uint8_t *above = in - stride, *below = in + stride;
  CK_ROW
  for (ptrdiff_t i = 0; i < n; i++) {
    const uint16_t sum = above[i - 3] + above[i] + above[i + 3] + in[i - 3] + 5 * in[i] +
                         in[i + 3] + below[i - 3] + below[i] + below[i + 3];
    out[i] = (uint16_t)(2 * sum + 13) / 26;
  }
}

CK_KERNEL(void, ck_box,
          (uint8_t *restrict out, const uint8_t *restrict in, ptrdiff_t step, ptrdiff_t radius,
           uint32_t weight, uint32_t edge, ptrdiff_t n),
          (out, in, step, radius, weight, edge, n)) {
  const ptrdiff_t far = (radius + 1) * step;
  if (radius == 0) {
    CK_ROW
    for (ptrdiff_t i = 0; i < n; i++) {
      out[i] = (in[i] * weight + (in[i - far] + in[i + far]) * edge + (1u << 23)) >> 24;
    }
  } else if (radius == 1) {
    CK_ROW
    for (ptrdiff_t i = 0; i < n; i++) {
      const uint32_t sum = in[i - step] + in[i] + in[i + step];
      out[i] = (sum * weight + (in[i - far] + in[i + far]) * edge + (1u << 23)) >> 24;
    }
  } else {
    for (ptrdiff_t i = 0; i < n; i++) {
      uint32_t sum = in[i];
      for (ptrdiff_t k = step; k < far; k += step) sum += in[i - k] + in[i + k];
      out[i] = (sum * weight + (in[i - far] + in[i + far]) * edge + (1u << 23)) >> 24;
    }
  }
}
