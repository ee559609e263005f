#include "check.h"

// Products of every level against sums in double precision of the same operands.

/// A matrix in rows 3 longer than it needs, and its operands as the products read them.
typedef struct {
  ck_matrix matrix;
  float *elements;
  double *read;
} Operand;

/// The nearest number of eight significant bits, of two the even one; denormals are 0.
static double bfloat16(float x) {
  if (!isfinite(x) || x == 0) return x;
  if (fabsf(x) < 0x1p-126f) return 0;
  int exponent;
  const double fraction = frexp(x, &exponent);
  return ldexp(rint(ldexp(fraction, 8)), exponent - 8);
}

static float *place(Operand x, ptrdiff_t row, ptrdiff_t column) {
  const ptrdiff_t stride = x.matrix.stride;
  return x.elements + (x.matrix.is_transposed ? column * stride + row : row * stride + column);
}

/// Uniform in ±3, or whole numbers from -8 to 8.
static Operand operand(
    ptrdiff_t rows, ptrdiff_t columns, bool transposed, bool whole, ck_precision precision) {
  const ptrdiff_t length = transposed ? rows : columns, stored = transposed ? columns : rows;
  const ptrdiff_t count = stored > 0 ? (stored - 1) * (length + 3) + length : 0;
  float *elements = uniform(count, whole ? 8.5 : 3);
  for (ptrdiff_t i = 0; whole && i < count; i++) elements[i] = rintf(elements[i]);
  Operand x = {{elements, length + 3, transposed}, elements, doubles(rows * columns)};
  for (ptrdiff_t i = 0; i < rows * columns; i++) {
    const float value = *place(x, i / columns, i % columns);
    x.read[i] = precision == CK_BFLOAT16 ? bfloat16(value) : value;
  }
  return x;
}

static void multiply(
    const ck_products *kernels, float *out, Operand a, Operand b, bool packed, ptrdiff_t m,
    ptrdiff_t n, ptrdiff_t k, float alpha, float beta, const float *bias) {
  float *layout = NULL;
  if (packed) {
    layout = fresh(ck_product_packed_count(kernels, n, k));
    ck_product_pack(kernels, layout, b.matrix, n, k);
  }
  ck_product(
      kernels, out, n + 2, a.matrix, b.matrix, layout, m, n, k, alpha, beta, bias,
      fresh(ck_product_scratch(kernels, m, n, k)));
}

/// Elements of m rows of n, 2 apart.
static ptrdiff_t count_of(ptrdiff_t m, ptrdiff_t n) { return m * (n + 2) - 2; }

// A product passes at most k roundings on its way into a sum, for bfloat16 on Arm k / 2 of twice
// the size, and two more for each block of the inner size, three at the end. (BFDotAdd in the Arm
// Architecture Reference Manual: a pair of products is added, then the sum, each rounded to odd,
// which is off by less than a unit of the last place and not by half of one.) Sums of whole numbers
// are exact.
static void check(
    const ck_products *kernels, bool ta, bool tb, bool whole, ptrdiff_t m, ptrdiff_t n,
    ptrdiff_t k) {
  checking(
      "%s, [%td, %td] %d · [%td, %td] %d, %s", ck_products_name(kernels), m, k, ta, k, n, tb,
      whole ? "whole numbers" : "fractions");
  const ck_precision precision = ck_products_precision(kernels);
  const Operand a = operand(m, k, ta, whole, precision), b = operand(k, n, tb, whole, precision);
  const float alpha = 0.5f, beta = -2;
  const float *bias = whole ? NULL : uniform(n, 3), *start = uniform(count_of(m, n), 3);
  const float *before = whole ? fresh(count_of(m, n)) : start;
  float *out = copy(before, count_of(m, n)), *again = copy(out, count_of(m, n));
  multiply(kernels, out, a, b, false, m, n, k, alpha, whole ? 0 : beta, bias);
  for (ptrdiff_t i = 0; i < count_of(m, n); i++) {
    const ptrdiff_t row = i / (n + 2), column = i % (n + 2);
    if (column >= n) {  // between the rows nothing was touched
      expect_bits(out + i, before + i, 1);
      continue;
    }
    double sum = 0, size = 0;
    for (ptrdiff_t p = 0; p < k; p++) {
      const double product = a.read[row * k + p] * b.read[p * n + column];
      sum += product;
      size += fabs(product);
    }
    double wanted = alpha * sum;
    size *= alpha;
    if (!whole) {
      wanted += (double)beta * start[i] + bias[column];
      size += fabs((double)beta * start[i]) + fabs(bias[column]);
    }
    const double steps = (double)(k + k / 64 + 8);
    expect_close(out + i, &wanted, 1, 0, whole ? 0 : 0x1p-24 * steps * size);
  }
  multiply(kernels, again, a, b, true, m, n, k, alpha, whole ? 0 : beta, bias);
  expect_bits(again, out, count_of(m, n));
  release();
}

/// Around tiles (8 × 48, 6 × 16, 8 × 12), their vectors and panels, and steps of two and four.
static const ptrdiff_t heights[] = {1, 2, 5, 6, 7, 8, 9, 17, 25};
static const ptrdiff_t widths[] = {1, 3, 4, 5, 8, 11, 12, 13, 15, 16, 17, 25, 33, 47, 48, 49};
static const ptrdiff_t depths[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 17};
/// Several blocks of each size.
static const ptrdiff_t large[][3] = {
    {131, 5, 5},    {20, 100, 450}, {2, 17, 1800},  {3, 900, 400},  {196, 48, 7},
    {125, 15, 260}, {5, 1, 50},     {48, 300, 375}, {270, 20, 833}, {12, 250, 258},
};
/// Around AMX's tiles, 32 × 32, and registers, 16 × 16 of 32 steps.
static const ptrdiff_t squares[][3] = {
    {15, 15, 31}, {16, 16, 32}, {17, 17, 33}, {31, 32, 63},
    {32, 31, 64}, {33, 48, 65}, {49, 33, 1},  {64, 64, 0},
};
#define COUNT(table) (sizeof table / sizeof *table)

static void check_sizes(const ck_products *kernels, bool ta, bool tb) {
  for (size_t h = 0; h < COUNT(heights); h++) {
    for (size_t w = 0; w < COUNT(widths); w++) {
      for (size_t d = 0; d < COUNT(depths); d++) {
        check(kernels, ta, tb, (h + w + d) % 2, heights[h], widths[w], depths[d]);
      }
    }
  }
  for (size_t i = 0; i < COUNT(large); i++) {
    check(kernels, ta, tb, false, large[i][0], large[i][1], large[i][2]);
    check(kernels, ta, tb, true, large[i][0], large[i][1], large[i][2]);
  }
  for (size_t i = 0; i < COUNT(squares); i++) {
    check(kernels, ta, tb, false, squares[i][0], squares[i][1], squares[i][2]);
    check(kernels, ta, tb, true, squares[i][0], squares[i][1], squares[i][2]);
  }
}

void check_products(void) {
  for (int level = 0; ck_products_at(level); level++) {
    for (int kind = 0; kind < 4; kind++) check_sizes(ck_products_at(level), kind & 1, kind & 2);
  }
}

/// Numbers that are not finite stay in their rows and columns.
static void check_not_finite(const ck_products *kernels, bool ta, bool tb) {
  checking("%s, not finite, %d %d", ck_products_name(kernels), ta, tb);
  const ptrdiff_t m = 11, n = 50, k = 21;
  const Operand a = operand(m, k, ta, false, CK_FLOAT32), b = operand(k, n, tb, false, CK_FLOAT32);
  float *clean = fresh(count_of(m, n)), *out = fresh(count_of(m, n));
  multiply(kernels, clean, a, b, false, m, n, k, 1, 0, NULL);
  *place(a, 9, 0) = *place(a, 10, 20) = *place(b, 20, 48) = INFINITY;
  *place(b, 3, 49) = NAN;
  multiply(kernels, out, a, b, false, m, n, k, 1, 0, NULL);
  for (ptrdiff_t i = 0; i < m; i++) {
    for (ptrdiff_t j = 0; j < n; j++) {
      const float found = out[i * (n + 2) + j];
      const bool both = i == 9 && j == 48;  // of either sign, so their sum may be no number
      expect(j == 49                       ? isnan(found)
             : both                        ? !isfinite(found)
             : i == 9 || i == 10 || j == 48 ? isinf(found)
                                           : found == clean[i * (n + 2) + j]);
    }
  }
  release();
}

/// Any part of the rows and columns has the bits that it has in the whole, so that these do not
/// depend on how threads share the work.
static void check_parts(const ck_products *kernels, bool ta, bool tb) {
  checking("%s, parts, %d %d", ck_products_name(kernels), ta, tb);
  const ptrdiff_t m = 37, n = 60, k = 531;
  const Operand a = operand(m, k, ta, false, CK_FLOAT32), b = operand(k, n, tb, false, CK_FLOAT32);
  float *all = fresh(count_of(m, n));
  multiply(kernels, all, a, b, false, m, n, k, 1, 0, NULL);
  for (int part = 0; part < 60; part++) {
    const ptrdiff_t row = random_below(m), height = 1 + random_below((int)(m - row));
    const ptrdiff_t column = random_below(n), width = 1 + random_below((int)(n - column));
    Operand rows = a, columns = b;
    rows.matrix.elements = place(a, row, 0);
    columns.matrix.elements = place(b, 0, column);
    float *out = fresh(count_of(height, width));
    multiply(kernels, out, rows, columns, part % 2, height, width, k, 1, 0, NULL);
    for (ptrdiff_t i = 0; i < height; i++) {
      expect_bits(out + i * (width + 2), all + (row + i) * (n + 2) + column, width);
    }
  }
  release();
}

/// bfloat16 has no denormals, also where one would be rounded up to the least number that is none;
/// and it rounds to the nearest, halves to even.
static void check_rounding(const ck_products *kernels, bool ta, bool tb) {
  checking("%s, rounding, %d %d", ck_products_name(kernels), ta, tb);
  const float values[] = {0x1.fffffcp-127f, -0x1p-127f, 0x1p-149f,  0x1p-126f, 1.00390625f,
                          1.01171875f,      1.0039063f, -255.5f,    65280,     0x1.fep126f,
                          0x1.fffffep-126f, 3,          0x1.01fp5f, -0.0f};
  const bool rounded = ck_products_precision(kernels) == CK_BFLOAT16;
  for (size_t i = 0; i < COUNT(values); i++) {
    for (ptrdiff_t k = 1; k < 6; k++) {
      // In the last place of the sum, so in an odd step, too; times a number that makes it visible.
      const Operand a = operand(3, k, ta, true, CK_FLOAT32);
      const Operand b = operand(k, 5, tb, true, CK_FLOAT32);
      const float scale = fabsf(values[i]) < 1 ? 0x1p120f : 1;
      for (ptrdiff_t p = 0; p < k; p++) {
        for (int row = 0; row < 3; row++) *place(a, row, p) = p == k - 1 ? values[i] : 0;
        for (int column = 0; column < 5; column++) *place(b, p, column) = scale;
      }
      float *out = fresh(count_of(3, 5));
      multiply(kernels, out, a, b, false, 3, 5, k, 1, 0, NULL);
      const double wanted = (rounded ? bfloat16(values[i]) : values[i]) * scale;
      for (int j = 0; j < 5; j++) expect_close(out + 7 + j, &wanted, 1, 0, 0);
    }
    release();
  }
}

void check_product_rules(void) {
  for (int level = 0; ck_products_at(level); level++) {
    for (int kind = 0; kind < 4; kind++) {
      check_not_finite(ck_products_at(level), kind & 1, kind & 2);
      check_parts(ck_products_at(level), kind & 1, kind & 2);
      check_rounding(ck_products_at(level), kind & 1, kind & 2);
    }
    checking("%s, spin", ck_products_name(ck_products_at(level)));
    expect(ck_products_spin(ck_products_at(level), 7) ==
           7 * ck_products_spin(ck_products_at(level), 1));
  }
  checking("ck_round_bfloat16");
  FOR_SIZES(n) {
    float *x = uniform(n, 1000), *out = fresh(n);
    double *wanted = doubles(n);
    for (ptrdiff_t i = 0; i < n; i++) {
      if (i % 3 == 0) x[i] = ldexpf(x[i], -random_below(150));
      if (i % 5 == 2) x[i] = truncf(x[i]);  // many are halves of the last place
      if (i % 17 == 5) x[i] = i % 2 ? NAN : -INFINITY;
      wanted[i] = bfloat16(x[i]);
    }
    ck_round_bfloat16(out, x, n);
    expect_close(out, wanted, n, 0, 0);
    ck_round_bfloat16(x, x, n);
    expect_close(x, wanted, n, 0, 0);
  }
}
