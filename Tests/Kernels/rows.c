#include "check.h"

// Softmax and layer normalisation against formulas in double precision.

enum { ROWS = 3 };

void softmax(
    double *out, const float *x, double scale, const float *bias, ptrdiff_t cols) {
  double largest = -INFINITY, sum = 0;
  for (ptrdiff_t c = 0; c < cols; c++) {
    out[c] = scale * x[c] + (bias ? bias[c] : 0);
    largest = fmax(largest, out[c]);
  }
  for (ptrdiff_t c = 0; c < cols; c++) sum += exp(out[c] - (isinf(largest) ? 0 : largest));
  for (ptrdiff_t c = 0; c < cols; c++) {
    out[c] = sum == 0 ? 0 : exp(out[c] - (isinf(largest) ? 0 : largest)) / sum;
  }
}

double dot(const double *a, const float *b, ptrdiff_t n) {
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static float *floats(const double *x, ptrdiff_t n) {
  float *out = fresh(n);
  for (ptrdiff_t i = 0; i < n; i++) out[i] = (float)x[i];
  return out;
}

static void check_softmax_of(ptrdiff_t cols, float scale) {
  checking("softmax of %td, scale %g", cols, scale);
  const ptrdiff_t n = ROWS * cols;
  const float *x = uniform(n, 8), *dy = uniform(n, 3);
  float *out = fresh(n), *over_x = copy(x, n), *over_dy = copy(dy, n);
  double *y = doubles(n), *dx = doubles(n);
  for (ptrdiff_t r = 0; r < ROWS; r++) softmax(y + r * cols, x + r * cols, scale, NULL, cols);
  ck_softmax(out, x, scale, ROWS, cols);
  expect_close(out, y, n, 4e-6, 0);  // scale x rounds by 2⁻²⁴ of |scale x - max| ≤ 32
  ck_softmax(over_x, over_x, scale, ROWS, cols);
  expect_bits(over_x, out, n);
  for (ptrdiff_t i = 0; i < n; i++) {
    const ptrdiff_t row = i / cols * cols;
    dx[i] = scale * y[i] * (dy[i] - dot(y + row, dy + row, cols));
  }
  const float *rounded = floats(y, n);
  ck_softmax_backward(out, rounded, dy, scale, ROWS, cols);
  expect_close(out, dx, n, 0, 1e-6);
  ck_softmax_backward(over_dy, rounded, over_dy, scale, ROWS, cols);
  expect_bits(over_dy, out, n);
}

static void check_log_softmax_of(ptrdiff_t cols) {
  checking("log_softmax of %td", cols);
  const ptrdiff_t n = ROWS * cols;
  const float *x = uniform(n, 8), *dy = uniform(n, 3);
  float *out = fresh(n), *over_x = copy(x, n), *over_dy = copy(dy, n);
  double *y = doubles(n), *dx = doubles(n);
  for (ptrdiff_t r = 0; r < ROWS; r++) {
    softmax(y + r * cols, x + r * cols, 1, NULL, cols);
    double sum = 0;
    for (ptrdiff_t c = 0; c < cols; c++) sum += dy[r * cols + c];
    for (ptrdiff_t i = r * cols; i < (r + 1) * cols; i++) {
      dx[i] = dy[i] - y[i] * sum;
      y[i] = log(y[i]);
    }
  }
  ck_log_softmax(out, x, ROWS, cols);
  expect_close(out, y, n, 1e-7, 2e-6);
  ck_log_softmax(over_x, over_x, ROWS, cols);
  expect_bits(over_x, out, n);
  const float *rounded = floats(y, n);
  ck_log_softmax_backward(out, rounded, dy, ROWS, cols);
  expect_close(out, dx, n, 2e-6, 3e-6);
  ck_log_softmax_backward(over_dy, rounded, over_dy, ROWS, cols);
  expect_bits(over_dy, out, n);
}

/// -inf is 0; a row of nothing else, with +inf or with NaN is NaN.
static void check_masks(ptrdiff_t cols) {
  checking("softmax of %td with infinities", cols);
  float *x = uniform(cols, 3), *out = fresh(cols);
  double *y = doubles(cols), *nan = doubles(cols);
  for (ptrdiff_t c = 0; c < cols; c++) {
    if (c % 3 == 1) x[c] = -INFINITY;
    nan[c] = NAN;
  }
  softmax(y, x, 0.5, NULL, cols);
  ck_softmax(out, x, 0.5f, 1, cols);
  expect_close(out, y, cols, 1e-6, 0);
  const float bad[] = {NAN, INFINITY};
  for (int i = 0; i < 2; i++) {
    x[cols / 2] = bad[i];
    ck_softmax(out, x, 1, 1, cols);
    expect_close(out, nan, cols, 0, 0);
  }
  ck_fill(x, -INFINITY, cols);
  ck_softmax(out, x, 1, 1, cols);
  expect_close(out, nan, cols, 0, 0);
  ck_fill(x, -3e38f, cols);
  x[cols / 2] = 3e38f;
  for (ptrdiff_t c = 0; c < cols; c++) y[c] = c == cols / 2;
  ck_softmax(out, x, 1, 1, cols);
  expect_close(out, y, cols, 0, 0);
}

void check_softmax(void) {
  FOR_SIZES(cols) {
    const float scales[] = {1, 0.125f, -2};
    for (int i = 0; i < 3; i++) check_softmax_of(cols, scales[i]);
    check_log_softmax_of(cols);
    if (cols > 0) check_masks(cols);
  }
}

/// Rows around `centre`, where each number's own rounding is `centre` 2⁻²⁴.
static void check_norm_of(ptrdiff_t cols, float centre) {
  checking("layer_norm of %td about %g", cols, centre);
  const ptrdiff_t n = ROWS * cols;
  float *x = uniform(n, 3), *weight = uniform(cols, 3), *bias = uniform(cols, 3);
  double *y = doubles(n), *mean = doubles(ROWS), *rstd = doubles(ROWS);
  for (ptrdiff_t i = 0; i < n; i++) x[i] += centre;
  for (ptrdiff_t r = 0; r < ROWS; r++) {
    double sum = 0, squares = 0;
    for (ptrdiff_t i = r * cols; i < (r + 1) * cols; i++) sum += x[i];
    mean[r] = sum / (double)cols;
    for (ptrdiff_t i = r * cols; i < (r + 1) * cols; i++) squares += pow(x[i] - mean[r], 2);
    rstd[r] = 1 / sqrt(squares / (double)cols + 1e-6f);
    for (ptrdiff_t c = 0; c < cols; c++) {
      y[r * cols + c] = (x[r * cols + c] - mean[r]) * rstd[r] * weight[c] + bias[c];
    }
  }
  float *out = fresh(n), *over_x = copy(x, n), *means = fresh(ROWS), *rstds = fresh(ROWS);
  ck_layer_norm(out, means, rstds, x, weight, bias, 1e-6f, ROWS, cols);
  expect_close(out, y, n, 1e-6, 4e-6);
  expect_close(means, mean, ROWS, 1.2e-7, 2e-7);
  expect_close(rstds, rstd, ROWS, 1e-6, 0);
  ck_layer_norm(over_x, means, rstds, over_x, weight, bias, 1e-6f, ROWS, cols);
  expect_bits(over_x, out, n);
}

static void check_norm_backward_of(ptrdiff_t cols, float beta) {
  checking("layer_norm_backward of %td, beta %g", cols, beta);
  const ptrdiff_t n = ROWS * cols;
  const float *x = uniform(n, 3), *dy = uniform(n, 3), *start = uniform(n, 3);
  const float *weight = uniform(cols, 3), *first = uniform(cols, 3);
  float *mean = uniform(ROWS, 1), *rstd = uniform(ROWS, 1);  // the formulas hold for any
  double *dx = doubles(n), *dweight = doubles(cols), *dbias = doubles(cols);
  for (ptrdiff_t c = 0; c < cols; c++) dweight[c] = dbias[c] = first[c];
  for (ptrdiff_t r = 0; r < ROWS; r++) {
    double sum = 0, moment = 0;
    for (ptrdiff_t c = 0; c < cols; c++) {
      const ptrdiff_t i = r * cols + c;
      const double normal = ((double)x[i] - mean[r]) * rstd[r], g = (double)dy[i] * weight[c];
      sum += g / (double)cols;
      moment += g * normal / (double)cols;
      dweight[c] += dy[i] * normal;
      dbias[c] += dy[i];
    }
    for (ptrdiff_t c = 0; c < cols; c++) {
      const ptrdiff_t i = r * cols + c;
      const double normal = ((double)x[i] - mean[r]) * rstd[r], g = (double)dy[i] * weight[c];
      dx[i] = (beta == 0 ? 0 : (double)beta * start[i]) + rstd[r] * (g - sum - normal * moment);
    }
  }
  float *out = beta == 0 ? fresh(n) : copy(start, n), *over_dy = copy(dy, n);
  float *dw = copy(first, cols), *db = copy(first, cols);
  ck_layer_norm_backward(out, dw, db, x, mean, rstd, weight, dy, beta, ROWS, cols);
  expect_close(out, dx, n, 1e-6, 4e-5);
  expect_close(dw, dweight, cols, 0, 1e-5);
  expect_close(db, dbias, cols, 0, 1e-5);
  ck_layer_norm_backward(over_dy, NULL, NULL, x, mean, rstd, weight, over_dy, 0, ROWS, cols);
  if (beta == 0) expect_bits(over_dy, out, n);
}

void check_norm(void) {
  FOR_SIZES(cols) {
    if (cols > 1) check_norm_of(cols, 0);
    if (cols > 16) check_norm_of(cols, 30000);  // E[x²] - E[x]² would lose all digits here
    const float betas[] = {0, 1, 0.5f};
    for (int i = 0; i < 3; i++) check_norm_backward_of(cols, betas[i]);
  }
}
