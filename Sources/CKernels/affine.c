#include "internal.h"

// Coordinates, and values that are nearly whole, must be rounded as the formulas say.
#pragma clang fp contract(off)

typedef uint8_t ck_byte16 __attribute__((ext_vector_type(16)));

// Pixels whose places and values are on the stack at a time.
#define CK_RUN 128
#define CK_OUTSIDE PTRDIFF_MIN

// Weights of the four taps as polynomials of the fraction d, ascending.
static const float ck_taps[2][4][4] = {
  {{0, 0, 0, 0}, {1, -1, 0, 0}, {0, 1, 0, 0}, {0, 0, 0, 0}},        // triangle
  {{0, -1, 2, -1}, {1, 0, -2, 1}, {0, 1, 1, -1}, {0, 0, -1, 1}},  // cubic, a = -1
};

CK_INLINE double ck_cubic(double v1, double v2, double v3, double v4, double d) {
  const double p2 = -v1 + v3;
  const double p3 = 2 * (v1 - v2) + v3 - v4;
  const double p4 = -v1 + v2 - v3 + v4;
  return v2 + d * (p2 + d * (p3 + d * p4));
}

// The value of a channel in double precision; `in` is the first of its 4 × 4 pixels.
static double ck_sample(const uint8_t *in, ptrdiff_t stride, double dx, double dy, int cubic) {
  double v[4];
  for (int r = 0; r < 4; r++, in += stride) {
    v[r] = cubic ? ck_cubic(in[0], in[3], in[6], in[9], dx) : in[3] + (in[6] - in[3]) * dx;
  }
  return cubic ? ck_cubic(v[0], v[1], v[2], v[3], dy) : v[1] + (v[2] - v[1]) * dy;
}

static int ck_is_flat(const uint8_t *in, ptrdiff_t stride) {
  if (memcmp(in, in + 3, 9)) return 0;
  for (int r = 1; r < 4; r++) {
    if (memcmp(in, in + r * stride, 12)) return 0;
  }
  return 1;
}

static void ck_sample_exactly(uint8_t *out, const uint8_t *in, ptrdiff_t stride, double dx,
                              double dy, int cubic) {
  if ((dx == 0 && dy == 0) || ck_is_flat(in, stride)) {
    memcpy(out, in + stride + 3, 3);
    return;
  }
  for (int c = 0; c < 3; c++) {
    const double value = ck_sample(in + c, stride, dx, dy, cubic);
    out[c] = value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
  }
}

// The weighted sum of the 4 × 4 pixels at `corner` in single precision; three channels, then
// something. The weights of the taps across are spread over the channels.
CK_INLINE void ck_sample_about(float out[4], const uint8_t *corner, ptrdiff_t stride, float dx,
                               float dy, const ck_float16 across[4], const ck_float4 down[4]) {
#pragma clang fp contract(fast)
  ck_byte16 row;
  ck_float16 sum;
  if (dy == 0) {  // as in shifts along the rows
    memcpy(&row, corner + stride, sizeof row);
    sum = __builtin_convertvector(row, ck_float16);
  } else {
    const ck_float4 weights = down[0] + dy * (down[1] + dy * (down[2] + dy * down[3]));
    sum = 0;
    for (int r = 0; r < 4; r++) {
      memcpy(&row, corner + r * stride, sizeof row);
      sum += weights[r] * __builtin_convertvector(row, ck_float16);
    }
  }
  sum *= across[0] + dx * (across[1] + dx * (across[2] + dx * across[3]));
  sum += __builtin_shufflevector(sum, sum, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  sum += __builtin_shufflevector(sum, sum, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  memcpy(out, &sum, 4 * sizeof *out);
}

CK_KERNEL(void, ck_affine_row,
          (uint8_t *restrict out, const uint8_t *restrict in, ptrdiff_t stride, ptrdiff_t width,
           ptrdiff_t height, const double a[6], double y, int cubic, ptrdiff_t n),
          (out, in, stride, width, height, a, y, cubic, n)) {
  ck_float16 across[4] = {0, 0, 0, 0};
  ck_float4 down[4];
  for (int k = 0; k < 4; k++) {
    for (int i = 0; i < 12; i++) across[k][i] = ck_taps[cubic != 0][i / 3][k];
    for (int i = 0; i < 4; i++) down[k][i] = ck_taps[cubic != 0][i][k];
  }
  double dx[CK_RUN], dy[CK_RUN];
  ptrdiff_t place[CK_RUN];
  float values[CK_RUN][4];
  uint8_t bytes[CK_RUN][4], near[CK_RUN][4];
  const double row_x = a[1] * (y + 0.5), row_y = a[4] * (y + 0.5);
  for (ptrdiff_t start = 0; start < n; start += CK_RUN, out += 3 * CK_RUN) {
    const ptrdiff_t count = n - start < CK_RUN ? n - start : CK_RUN;
    for (ptrdiff_t i = 0; i < count; i++) {
      const double x = (double)(start + i) + 0.5;
      double x_in = a[0] * x + row_x + a[2];
      double y_in = a[3] * x + row_y + a[5];
      const int inside = x_in >= 0 && x_in < (double)width && y_in >= 0 && y_in < (double)height;
      x_in = inside ? x_in - 0.5 : 0;
      y_in = inside ? y_in - 0.5 : 0;
      // At least -0.5: conversion rounds towards zero.
      const int x_floor = (int)(x_in + 1) - 1, y_floor = (int)(y_in + 1) - 1;
      dx[i] = x_in - x_floor;
      dy[i] = y_in - y_floor;
      place[i] = inside ? (y_floor - 1) * stride + 3 * (x_floor - 1) : CK_OUTSIDE;
    }
    for (ptrdiff_t i = 0; i < count; i++) {
      if (place[i] == CK_OUTSIDE) {
        memset(values[i], 0, sizeof values[i]);
      } else {
        ck_sample_about(values[i], in + place[i], stride, (float)dx[i], (float)dy[i], across,
                        down);
      }
    }
    // Truncation shows the smallest error where the value is nearly whole.
    const float whole = 0x1.8p23f;
    CK_EACH
    for (ptrdiff_t i = 0; i < 4 * count; i++) {
      const float v = values[0][i];
      const float distance = v - ((v + whole) - whole);
      near[0][i] = (distance < 0x1p-10f) & (distance > -0x1p-10f) & (v > 0.5f) & (v < 255.5f);
      const float low = v < 0.0f ? 0.0f : v;
      bytes[0][i] = (uint8_t)(int)(low > 255.0f ? 255.0f : low);
    }
    for (ptrdiff_t i = 0; i < count; i++) {
      if (place[i] == CK_OUTSIDE) continue;
      if (near[i][0] | near[i][1] | near[i][2]) {
        ck_sample_exactly(out + 3 * i, in + place[i], stride, dx[i], dy[i], cubic);
      } else {
        memcpy(out + 3 * i, bytes[i], 3);
      }
    }
  }
}
