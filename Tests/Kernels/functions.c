#include "check.h"

// Elementwise kernels and functions of one number.

typedef void Map(float *out, const float *x, ptrdiff_t n);
typedef void Zip(float *out, const float *a, const float *b, ptrdiff_t n);

static float add(float a, float b) { return a + b; }
static float subtract(float a, float b) { return a - b; }
static float multiply(float a, float b) { return a * b; }
static float divide(float a, float b) { return a / b; }

static const struct {
  const char *name;
  Zip *kernel;
  float (*exact)(float a, float b);
} zips[] = {{"add", ck_add, add}, {"sub", ck_sub, subtract}, {"mul", ck_mul, multiply},
            {"div", ck_div, divide}};

static void check_zips(void) {
  for (size_t z = 0; z < sizeof zips / sizeof *zips; z++) {
    FOR_SIZES(n) {
      checking("%s of %td", zips[z].name, n);
      const float *a = uniform(n, 3), *b = uniform(n, 3);
      float *wanted = fresh(n), *out = fresh(n), *over_a = copy(a, n), *over_b = copy(b, n);
      for (ptrdiff_t i = 0; i < n; i++) wanted[i] = zips[z].exact(a[i], b[i]);
      zips[z].kernel(out, a, b, n);
      zips[z].kernel(over_a, over_a, b, n);
      zips[z].kernel(over_b, a, over_b, n);
      expect_bits(out, wanted, n);
      expect_bits(over_a, wanted, n);
      expect_bits(over_b, wanted, n);
    }
  }
}

static void check_scalars(void) {
  FOR_SIZES(n) {
    checking("scale, add_scalar, axpy, fill of %td", n);
    const float *x = uniform(n, 3), *y = uniform(n, 3);
    double *scaled = doubles(n), *sums = doubles(n), *both = doubles(n), *filled = doubles(n);
    for (ptrdiff_t i = 0; i < n; i++) {
      scaled[i] = 1.7f * x[i];
      sums[i] = x[i] + 1.7f;
      both[i] = (double)1.7f * x[i] + y[i];
      filled[i] = 1.7f;
    }
    float *out = fresh(n), *added = copy(y, n);
    ck_scale(out, 1.7f, x, n);
    expect_close(out, scaled, n, 0, 0);
    ck_add_scalar(out, x, 1.7f, n);
    expect_close(out, sums, n, 0, 0);
    ck_axpy(added, 1.7f, x, n);  // rounded once, or twice where there is no fused sum
    expect_close(added, both, n, 6e-8, 4e-7);
    ck_fill(out, 1.7f, n);
    expect_close(out, filled, n, 0, 0);
  }
}

void check_elementwise(void) {
  check_zips();
  check_scalars();
}

static double relu(double x) { return x < 0 ? 0 : x; }
static double square(double x) { return x * x; }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
/// Φ through erfc keeps its digits in the lower tail.
static double normal(double x) { return erfc(-x / sqrt(2)) / 2; }
static double gelu(double x) { return x == -INFINITY ? 0 : x * normal(x); }
static double gelu_slope(double x) {
  if (isinf(x)) return x > 0;
  return normal(x) + x * exp(-x * x / 2) / sqrt(2 * M_PI);
}

/// The bounds of CKernels.h: units of the last place where the result is normal (0: as the exact
/// result is rounded), or a relative error, from `low` to `high`.
static const struct {
  const char *name;
  Map *kernel;
  double (*exact)(double);
  double units, relative;
  float low, high;
} maps[] = {
    {"relu", ck_relu, relu, 0, 0, -3e38f, 3e38f},
    {"square", ck_square, square, 0, 0, -1e19f, 1e19f},
    {"sqrt", ck_sqrt, sqrt, 0, 0, 0, 3e38f},
    {"log", ck_log, log, 1, 0, 0, 3e38f},
    {"exp", ck_exp, exp, 1.25, 0, -88.7228f, 88.7228f},
    {"sigmoid", ck_sigmoid, sigmoid, 3, 0, -87, 87},
    {"tanh", ck_tanh, tanh, 6, 0, -87, 87},
    {"gelu", ck_gelu, gelu, 0, 5e-6, -12, 12},
    {"gelu", ck_gelu, gelu, 0, 6e-7, -3, 50},
};
#define MAPS (sizeof maps / sizeof *maps)

/// Numbers of all exponents.
static void check_accuracy(size_t map) {
  checking("%s, accuracy", maps[map].name);
  enum { COUNT = 40000 };
  float *x = uniform(COUNT, 1), *out = fresh(COUNT);
  for (ptrdiff_t i = 0; i < COUNT; i++) {  // from 0 to either end, evenly in bits
    const bool is_negative = i % 2 && maps[map].low < 0;
    const float end = is_negative ? -maps[map].low : maps[map].high;
    uint32_t bits;
    memcpy(&bits, &end, sizeof bits);
    bits = (uint32_t)(fabsf(x[i]) * (double)bits);
    memcpy(&x[i], &bits, sizeof bits);
    if (is_negative) x[i] = -x[i];
  }
  maps[map].kernel(out, x, COUNT);
  for (ptrdiff_t i = 0; i < COUNT; i++) {
    const double exact = maps[map].exact(x[i]);
    const float rounded = (float)exact;
    double bound = maps[map].relative * fabs(exact), wanted = exact;
    if (maps[map].units > 0) {
      if (fabsf(rounded) < 0x1p-126f) continue;
      bound = maps[map].units * ldexp(1, ilogbf(rounded) - 23);
    } else if (maps[map].relative > 0) {
      bound += 1.2e-38;
    } else {
      wanted = rounded;
    }
    expect_close(out + i, &wanted, 1, 0, bound);
  }
  release();
}

/// A result depends on its argument alone: not on its place, the length, the alignment, or on
/// whether the kernel works in place.
static void check_places(size_t map) {
  for (ptrdiff_t offset = 0; offset < 6; offset += 1 + offset) {
    FOR_SIZES(n) {
      checking("%s of %td at %td", maps[map].name, n, offset);
      float *x = uniform(n + offset, 3), *single = fresh(n), *out = fresh(n);
      for (ptrdiff_t i = 0; i < n + offset; i++) x[i] = maps[map].low < 0 ? x[i] : fabsf(x[i]);
      for (ptrdiff_t i = 0; i < n; i++) maps[map].kernel(single + i, x + offset + i, 1);
      maps[map].kernel(out, x + offset, n);
      expect_bits(out, single, n);
      maps[map].kernel(x + offset, x + offset, n);
      expect_bits(x + offset, single, n);
    }
  }
}

static void check_edges(size_t map) {
  const float edges[] = {-INFINITY, INFINITY, NAN,  0,         -0.0f,      88,    -87.25f, 88.7228f,
                         88.7229f,  104,      -104, 0x1p-149f, -0x1p-149f, 3e38f, -3e38f};
  enum { EDGES = sizeof edges / sizeof *edges };
  checking("%s, edges", maps[map].name);
  for (int copies = 1; copies <= 3; copies += 2) {  // shorter than a vector, and longer
    float *x = fresh(EDGES * copies), *out = fresh(EDGES * copies);
    double *wanted = doubles(EDGES * copies);
    for (int i = 0; i < EDGES * copies; i++) {
      x[i] = edges[i % EDGES];
      wanted[i] = (float)maps[map].exact(x[i]);
    }
    maps[map].kernel(out, x, EDGES * copies);
    expect_close(out, wanted, EDGES * copies, 5e-7, maps[map].units > 1 ? 1.2e-38 : 1e-44);
    release();
  }
}

static void check_gelu(void) {
  const ptrdiff_t rows = 3;
  FOR_SIZES(cols) {
    checking("gelu_backward, bias_gelu of %td", cols);
    const ptrdiff_t n = rows * cols;
    const float *x = uniform(n, 8), *dy = uniform(n, 3), *bias = uniform(cols, 3);
    double *slopes = doubles(n), *values = doubles(n), *biased = doubles(n);
    for (ptrdiff_t i = 0; i < n; i++) {
      const float sum = x[i] + bias[i % cols];
      slopes[i] = gelu_slope(x[i]) * dy[i];
      values[i] = gelu(sum);
      biased[i] = gelu_slope(sum) * dy[i];
    }
    float *out = fresh(n), *over_x = copy(x, n), *over_dy = copy(dy, n);
    ck_gelu_backward(out, x, dy, n);
    expect_close(out, slopes, n, 0, 6e-7);  // 2e-7 · |dy| ≤ 3
    ck_bias_gelu(out, x, bias, rows, cols);
    expect_close(out, values, n, 6e-7, 1e-6);
    ck_bias_gelu(over_x, over_x, bias, rows, cols);
    expect_bits(over_x, out, n);
    ck_bias_gelu_backward(out, x, bias, dy, rows, cols);
    expect_close(out, biased, n, 0, 6e-7);
    ck_bias_gelu_backward(over_dy, x, bias, over_dy, rows, cols);
    expect_bits(over_dy, out, n);
  }
  checking("gelu_backward, edges");
  const float x[] = {-INFINITY, INFINITY, -50, 50, NAN}, dy[] = {1, 1, 1, 1, 1};
  const double wanted[] = {0, 1, 0, 1, NAN};
  float out[5];
  ck_gelu_backward(out, x, dy, 5);
  expect_close(out, wanted, 5, 0, 0);
}

void check_functions(void) {
  for (size_t map = 0; map < MAPS; map++) {
    check_accuracy(map);
    check_places(map);
    check_edges(map);
  }
  check_gelu();
}
