#include "check.h"

// Attention of one head against formulas in double precision.

enum { ROWS = 3 };

/// The map, and the derivatives by s, bias, position and gate, with and without the last three.
static void check_attention_of(ptrdiff_t cols, bool is_biased, bool is_gated) {
  checking("attention of %td, bias %d, gate %d", cols, is_biased, is_gated);
  const ptrdiff_t n = ROWS * cols;
  const float scale = 0.5f, gate = is_gated ? 0.3f : 0;
  const float *s = uniform(n, 8), *da = uniform(n, 3), *start = uniform(n, 3);
  float *bias = is_biased ? uniform(n, 4) : NULL, *position = is_gated ? uniform(n, 1) : NULL;
  for (ptrdiff_t i = 0; is_biased && i < n; i++) {  // a third is forbidden, and all of a row
    if (i % 3 == 1 || i / cols == 1) bias[i] = -INFINITY;
  }
  for (ptrdiff_t i = 0; is_gated && i < n; i++) position[i] = fabsf(position[i]);
  double *p = doubles(n), *a = doubles(n), *ds = doubles(n), *db = doubles(n), *dp = doubles(n);
  double dgate = 7;
  for (ptrdiff_t r = 0; r < ROWS; r++) {
    const ptrdiff_t row = r * cols;
    softmax(p + row, s + row, scale, bias ? bias + row : NULL, cols);
    const double mean = dot(p + row, da + row, cols);
    for (ptrdiff_t i = row; i < row + cols; i++) {
      const double map = is_gated ? position[i] : 0, slope = (1 - gate) * p[i] * (da[i] - mean);
      a[i] = (1 - gate) * p[i] + gate * map;
      ds[i] = scale * slope;
      db[i] = start[i] + (is_biased ? slope : 0);
      dp[i] = start[i] + (double)gate * da[i];
      if (is_gated) dgate += (map - p[i]) * da[i];
    }
  }
  const float asked = is_gated ? gate : NAN;  // it is not looked at otherwise
  float *out = fresh(n), *over_s = copy(s, n), *over_da = copy(da, n);
  ck_gated_softmax(out, s, scale, bias, position, asked, ROWS, cols);
  expect_close(out, a, n, 3e-6, 0);
  ck_gated_softmax(over_s, over_s, scale, bias, position, asked, ROWS, cols);
  expect_bits(over_s, out, n);
  float *dout = fresh(n), *dbias = copy(start, n), *dposition = copy(start, n);
  double found = 7;
  ck_gated_softmax_backward(
      out, dout, dbias, dposition, &found, s, da, scale, bias, position, asked, ROWS, cols);
  expect_close(out, a, n, 3e-6, 0);
  expect_close(dout, ds, n, 1e-6, 1e-6);
  expect_close(dbias, db, n, 1e-7, 3e-6);
  expect_close(dposition, dp, n, 1e-7, 1e-6);
  expect(fabs(found - dgate) < 2e-6 * (double)(cols + 5));
  over_s = copy(s, n);
  ck_gated_softmax_backward(
      over_s, over_da, NULL, NULL, NULL, over_s, over_da, scale, bias, position, asked, ROWS,
      cols);
  expect_bits(over_s, out, n);
  expect_bits(over_da, dout, n);
}

/// The same without a gate, `block` keys at a time, of rows that lie apart: the sums of values that
/// the keys are weighed with, and the derivatives.
static void check_blocks_of(ptrdiff_t cols, ptrdiff_t block, bool is_biased) {
  checking("attention of %td, %td at a time, bias %d", cols, block, is_biased);
  const ptrdiff_t n = ROWS * cols, values = 5, stride = values + 2, rest = ROWS * stride - 2;
  const float scale = 0.5f;
  const float *s = uniform(n, 8), *da = uniform(n, 3), *v = uniform(cols * values, 3);
  float *bias = is_biased ? uniform(n, 4) : NULL, *y = fresh(rest), *dbias = uniform(n, 3);
  for (ptrdiff_t i = 0; is_biased && i < n; i++) {  // a third is forbidden, and all of a row
    if (i % 3 == 1 || i / cols == 1) bias[i] = -INFINITY;
  }
  double *p = doubles(n), *ds = doubles(n), *db = doubles(n), *wanted = doubles(rest);
  float *max = fresh(ROWS), *sum = fresh(ROWS), *delta = fresh(ROWS);
  for (ptrdiff_t r = 0; r < ROWS; r++) {
    softmax(p + r * cols, s + r * cols, scale, bias ? bias + r * cols : NULL, cols);
    const double mean = dot(p + r * cols, da + r * cols, cols);
    delta[r] = (float)mean;
    for (ptrdiff_t i = r * cols; i < (r + 1) * cols; i++) {
      db[i] = dbias[i] + (is_biased ? p[i] * (da[i] - mean) : 0);
      ds[i] = scale * p[i] * (da[i] - mean);
    }
    max[r] = -INFINITY;
    sum[r] = 0;
  }
  for (ptrdiff_t i = 0; i < rest; i++) {
    wanted[i] = y[i] = i % stride < values ? 0 : 7;
    for (ptrdiff_t c = 0; i % stride < values && c < cols; c++) {
      wanted[i] += p[i / stride * cols + c] * v[c * values + i % stride];
    }
  }
  for (ptrdiff_t first = 0; first < cols; first += block) {
    const ptrdiff_t count = first + block < cols ? block : cols - first;
    float *part = fresh(ROWS * count);
    for (ptrdiff_t i = 0; i < ROWS * count; i++) part[i] = s[i / count * cols + first + i % count];
    ck_softmax_block(
        part, max, sum, y, stride, values, scale, bias ? bias + first : NULL, cols, ROWS, count);
    for (ptrdiff_t i = 0; i < rest; i++) {
      for (ptrdiff_t c = 0; i % stride < values && c < count; c++) {
        y[i] += part[i / stride * count + c] * v[(first + c) * values + i % stride];
      }
    }
  }
  ck_softmax_end(max, sum, y, stride, values, ROWS);
  expect_close(y, wanted, rest, 0, 1e-5);
  for (ptrdiff_t first = 0; first < cols; first += block) {
    const ptrdiff_t count = first + block < cols ? block : cols - first;
    float *part = fresh(ROWS * count), *dpart = fresh(ROWS * count);
    for (ptrdiff_t i = 0; i < ROWS * count; i++) {
      part[i] = s[i / count * cols + first + i % count];
      dpart[i] = da[i / count * cols + first + i % count];
    }
    ck_softmax_block_backward(
        part, dpart, dbias + first, max, sum, delta, scale, bias ? bias + first : NULL, cols, ROWS,
        count);
    for (ptrdiff_t r = 0; r < ROWS; r++) {
      expect_close(part + r * count, p + r * cols + first, count, 3e-6, 0);
      expect_close(dpart + r * count, ds + r * cols + first, count, 1e-6, 1e-6);
    }
  }
  expect_close(dbias, db, n, 1e-7, 3e-6);
}

void check_attention(void) {
  for (int kind = 0; kind < 4; kind++) {
    FOR_SIZES(cols) check_attention_of(cols, kind & 1, kind & 2);
  }
  const ptrdiff_t blocks[] = {7, 16, 33, 1000};
  for (int kind = 0; kind < 8; kind++) {
    FOR_SIZES(cols) check_blocks_of(cols, blocks[kind / 2], kind & 1);
  }
}
