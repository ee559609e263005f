#include "check.h"

// Kernels on bytes against plain loops: equal, since bytes are whole numbers.
#pragma STDC FP_CONTRACT OFF

static uint8_t byte(double x) { return x < 0 ? 0 : x > 255 ? 255 : (uint8_t)x; }

static uint8_t blend(int a, int b, float factor) {
  const float change = factor * (float)(b - a);
  return byte((float)a + change);
}

static int luma(const uint8_t *pixel) {
  return (pixel[0] * 19595 + pixel[1] * 38470 + pixel[2] * 7471 + 0x8000) >> 16;
}

static void check_blends(ptrdiff_t n) {
  const float factors[] = {0, 0.1f, 0.7f, 1, 1.81f};
  for (int f = 0; f < 5; f++) {
    checking("blend, saturate of %td, factor %g", n, factors[f]);
    const uint8_t *a = random_bytes(3 * n), *b = random_bytes(3 * n);
    uint8_t *wanted = random_bytes(3 * n), *out = random_bytes(3 * n);
    for (ptrdiff_t i = 0; i < 3 * n; i++) wanted[i] = blend(a[i], b[i], factors[f]);
    ck_blend(out, a, b, factors[f], 3 * n);
    expect_same(out, wanted, (size_t)(3 * n));
    for (ptrdiff_t i = 0; i < 3 * n; i++) wanted[i] = blend(luma(a + i / 3 * 3), a[i], factors[f]);
    ck_saturate(out, a, factors[f], n);
    expect_same(out, wanted, (size_t)(3 * n));
  }
}

static void check_luma_sum(ptrdiff_t n) {
  checking("luma_sum of %td", n);
  const uint8_t *x = random_bytes(3 * n);
  int64_t sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += luma(x + 3 * i);
  expect(ck_luma_sum(x, n) == sum);
}

static void check_smooth(ptrdiff_t n) {
  checking("smooth of %td", n);
  const ptrdiff_t stride = n + 6;
  const uint8_t *x = random_bytes(3 * stride);
  uint8_t *out = random_bytes(n), *wanted = random_bytes(n);
  for (ptrdiff_t i = 0; i < n; i++) {
    int sum = 4 * x[stride + 3 + i];
    for (int k = 0; k < 9; k++) sum += x[k / 3 * stride + i + k % 3 * 3];
    wanted[i] = (uint8_t)floor(sum / 13.0 + 0.5);
  }
  ck_smooth(out, x + stride + 3, stride, n);
  expect_same(out, wanted, (size_t)n);
}

static void check_box(ptrdiff_t n, ptrdiff_t radius, ptrdiff_t step) {
  checking("box of %td, radius %td, step %td", n, radius, step);
  const uint32_t weight = (uint32_t)((1 << 24) / (2 * ((double)radius + 0.37) + 1));
  const uint32_t edge = ((1u << 24) - (uint32_t)(2 * radius + 1) * weight) / 2;
  const ptrdiff_t margin = (radius + 1) * step;
  const uint8_t *x = random_bytes(n + 2 * margin);
  uint8_t *out = random_bytes(n), *wanted = random_bytes(n);
  for (ptrdiff_t i = 0; i < n; i++) {
    uint64_t sum = edge * (uint64_t)(x[i] + x[i + 2 * margin]) + (1 << 23);
    for (ptrdiff_t k = -radius; k <= radius; k++) {
      sum += (uint64_t)weight * x[i + margin + k * step];
    }
    wanted[i] = (uint8_t)(sum >> 24);
  }
  ck_box(out, x + margin, step, radius, weight, edge, n);
  expect_same(out, wanted, (size_t)n);
}

void check_pixels(void) {
  const ptrdiff_t radii[] = {0, 1, 2, 5}, more[] = {4096, 4097, 9000};
  FOR_SIZES(n) {
    check_blends(n);
    check_luma_sum(n);
    check_smooth(n);
    for (int i = 0; i < 8; i++) check_box(n, radii[i / 2], i % 2 ? 17 : 3);
  }
  for (int i = 0; i < 3; i++) check_luma_sum(more[i]);
}

/// The value between four of them.
static double between(const double v[4], double d, bool cubic) {
  if (!cubic) return v[1] + (v[2] - v[1]) * d;
  const double p2 = v[2] - v[0], p3 = 2 * (v[0] - v[1]) + v[2] - v[3];
  return v[1] + d * (p2 + d * (p3 + d * (v[1] - v[0] - v[2] + v[3])));
}

enum { WIDTH = 11, HEIGHT = 9, STRIDE = 3 * (WIDTH + 4), AFFINE = 200 };

/// Row y of an image in which two pixels are around the one at `in`.
static void affine_row(uint8_t *out, const uint8_t *in, const double a[6], double y, bool cubic) {
  for (int x = 0; x < AFFINE; x++) {
    const double cx = x + 0.5, cy = y + 0.5;
    const double u = a[0] * cx + a[1] * cy + a[2], v = a[3] * cx + a[4] * cy + a[5];
    if (!(u >= 0 && u < WIDTH && v >= 0 && v < HEIGHT)) continue;
    const int column = (int)floor(u - 0.5), row = (int)floor(v - 0.5);
    for (int c = 0; c < 3; c++) {
      double rows[4];
      for (int r = 0; r < 4; r++) {
        const uint8_t *pixel = in + (row + r - 1) * STRIDE + 3 * (column - 1) + c;
        const double line[4] = {pixel[0], pixel[3], pixel[6], pixel[9]};
        rows[r] = between(line, u - 0.5 - column, cubic);
      }
      out[3 * x + c] = byte(between(rows, v - 0.5 - row, cubic));
    }
  }
}

static void check_affine(bool cubic) {
  const double maps[][6] = {
      {1, 0, 0, 0, 1, 0}, {0.9, 0.43, -1, -0.43, 0.9, 2.2}, {1, 0.27, 0, 0, 1, 0},
      {1, 0, 0, 0.25, 1, 0}, {1, 0, 2.5, 0, 1, 0}, {0.1, 0, 3, 0, 0.1, 3}};
  for (int map = 0; map < 6; map++) {
    for (int y = 0; y < HEIGHT; y++) {
      checking("affine_row %d, map %d, cubic %d", y, map, cubic);
      uint8_t *image = random_bytes((HEIGHT + 4) * STRIDE + 4);
      for (int i = 0; i < (HEIGHT + 4) * STRIDE; i++) image[i] = i % 7 < 3 ? 200 : image[i];
      uint8_t *out = take(3 * AFFINE), *wanted = take(3 * AFFINE);
      memset(out, 77, 3 * AFFINE);
      memset(wanted, 77, 3 * AFFINE);
      const uint8_t *first = image + 2 * STRIDE + 6;
      affine_row(wanted, first, maps[map], y, cubic);
      ck_affine_row(out, first, STRIDE, WIDTH, HEIGHT, maps[map], y, cubic, AFFINE);
      expect_same(out, wanted, 3 * AFFINE);
      release();
    }
  }
}

enum { TAPS = 7, LONGEST = 5 };

/// Taps of as many pixels as fit; sums from below 0 to above 255, within 2³¹.
static ck_resampling taps(ptrdiff_t source) {
  int32_t *starts = take(TAPS * 4), *counts = take(TAPS * 4), *weights = take(TAPS * LONGEST * 4);
  for (int i = 0; i < TAPS; i++) {
    starts[i] = random_below((int)source);
    const int left = (int)source - starts[i];
    counts[i] = 1 + random_below(left < LONGEST ? left : LONGEST);
    for (int k = 0; k < LONGEST; k++) {
      weights[i * LONGEST + k] = i % 2 ? random_below(2400000) - 1200000 : 1600000;
    }
  }
  return (ck_resampling){TAPS, LONGEST, starts, counts, weights};
}

/// Target i of the bytes that are `step` apart.
static uint8_t resampled(ck_resampling taps, int i, const uint8_t *x, ptrdiff_t step) {
  double sum = 0.5;
  for (int k = 0; k < taps.counts[i]; k++) {
    sum += x[(taps.starts[i] + k) * step] * (double)taps.weights[i * LONGEST + k] * 0x1p-22;
  }
  return byte(floor(sum));
}

static void check_resampling(ptrdiff_t rows, ptrdiff_t cols) {
  checking("resampling of [%td, %td]", rows, cols);
  const ptrdiff_t stride = 3 * cols + 2, across = rows * 3 * TAPS, down = TAPS * 3 * cols;
  const uint8_t *x = random_bytes(rows * stride - 2);
  const ck_resampling horizontal = taps(cols), vertical = taps(rows);
  uint8_t *out = random_bytes(across), *wanted = random_bytes(across);
  for (ptrdiff_t i = 0; i < across; i++) {
    const ptrdiff_t row = i / (3 * TAPS), place = i % (3 * TAPS);
    wanted[i] = resampled(horizontal, (int)place / 3, x + row * stride + place % 3, 3);
  }
  ck_resample_rows(
      out, x, stride, rows, cols, &horizontal, random_bytes(3 * CK_RESAMPLE_ROWS * (cols + TAPS)));
  expect_same(out, wanted, (size_t)across);
  out = random_bytes(down);
  wanted = random_bytes(down);
  for (ptrdiff_t i = 0; i < down; i++) {
    wanted[i] = resampled(vertical, (int)(i / (3 * cols)), x + i % (3 * cols), stride);
  }
  ck_resample_columns(out, x, stride, cols, &vertical);
  expect_same(out, wanted, (size_t)down);
  release();
}

void check_geometry(void) {
  check_affine(false);
  check_affine(true);
  const ptrdiff_t rows[] = {1, 2, 15, 16, 17, 40}, cols[] = {1, 3, 5, 6, 11, 43};
  for (int i = 0; i < 36; i++) check_resampling(rows[i / 6], cols[i % 6]);
}
