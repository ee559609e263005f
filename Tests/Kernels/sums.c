#include "check.h"

// Rows and sums against sums in double precision.

static void check_row_kernels(ptrdiff_t rows) {
  FOR_SIZES(cols) {
    checking("add_row, add_bias, sum_rows of [%td, %td]", rows, cols);
    const ptrdiff_t n = rows * cols;
    const float *x = uniform(n, 3), *bias = uniform(cols, 3);
    float *wanted = fresh(n), *out = fresh(n), *over_x = copy(x, n), *again = copy(x, n);
    for (ptrdiff_t i = 0; i < n; i++) wanted[i] = x[i] + bias[i % cols];
    ck_add_bias(out, x, bias, rows, cols);
    ck_add_bias(over_x, over_x, bias, rows, cols);
    ck_add_row(again, bias, rows, cols);
    expect_bits(out, wanted, n);
    expect_bits(over_x, wanted, n);
    expect_bits(again, wanted, n);
    for (float beta = 0; beta <= 1; beta += 0.5f) {
      float *sums = beta == 0 ? fresh(cols) : copy(bias, cols);
      double *exact = doubles(cols);
      for (ptrdiff_t c = 0; c < cols; c++) {
        exact[c] = (double)beta * bias[c];
        for (ptrdiff_t r = 0; r < rows; r++) exact[c] += x[r * cols + c];
      }
      ck_sum_rows(sums, x, rows, cols, beta);
      expect_close(sums, exact, cols, 0, 1e-5);
    }
  }
}

// Each of at least 8 partial sums of a block rounds by 2⁻²⁴ of at most its Σ|x|.
static void check_sums_of(ptrdiff_t n) {
  checking("sums of %td", n);
  const float *a = uniform(n, 3), *b = uniform(n, 3);
  float *p = uniform(n, 1);
  double sum = 0, size = 0, dot = 0, squares = 0, entropy = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    p[i] = i == 0 ? 0 : i == 1 ? 1 : i == 2 ? 0x1p-149f : fabsf(p[i]);
    if (i % 3 == 0) p[i] *= p[i] * p[i] * 1e-3f;
    sum += a[i];
    size += fabs(a[i]);
    dot += (double)a[i] * b[i];
    squares += (double)a[i] * a[i];
    if (p[i] > 0) entropy -= p[i] * log(p[i]);
  }
  const float found[] = {ck_sum(a, n), ck_dot(a, b, n)};
  expect_close(found, &sum, 1, 0, 1e-6 * size);
  expect_close(found + 1, &dot, 1, 0, 3e-6 * size);
  expect(fabs(ck_sum_squares(a, n) - squares) <= 1e-13 * squares);
  expect(fabs(ck_entropy(p, n) - entropy) <= 1e-6 * fmax(entropy, 1));
  float shifted[16];
  for (ptrdiff_t shift = 0; shift < 16; shift++) {  // alignment does not count
    float *x = fresh(n + shift);
    if (n > 0) memcpy(x + shift, a, (size_t)n * sizeof *x);
    shifted[shift] = ck_sum(x + shift, n);
    expect_bits(shifted + shift, found, 1);
  }
}

static void check_all_finite(ptrdiff_t n) {
  checking("all_finite of %td", n);
  float *x = uniform(n, 3e38);
  expect(ck_all_finite(x, n) == 1);
  const ptrdiff_t places[] = {0, n / 2, n - 1};
  const float values[] = {INFINITY, -INFINITY, NAN};
  for (int i = 0; n > 0 && i < 9; i++) {
    const float kept = x[places[i % 3]];
    x[places[i % 3]] = values[i / 3];
    expect(ck_all_finite(x, n) == 0);
    x[places[i % 3]] = kept;
  }
}

void check_sums(void) {
  const ptrdiff_t rows[] = {0, 1, 3, 4, 5, 9}, more[] = {4096, 4097, 30001};
  for (int i = 0; i < 6; i++) check_row_kernels(rows[i]);
  FOR_SIZES(n) {
    check_sums_of(n);
    check_all_finite(n);
  }
  for (int i = 0; i < 3; i++) {
    check_sums_of(more[i]);
    release();
  }
  checking("sum_squares of large numbers");
  float *x = fresh(40);
  ck_fill(x, 3e38f, 40);
  expect(isfinite(ck_sum_squares(x, 40)));
}
