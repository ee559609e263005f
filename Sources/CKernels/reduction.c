#include "internal.h"

CK_KERNEL(void, ck_add_row, (float *x, const float *restrict bias, ptrdiff_t rows, ptrdiff_t cols),
          (x, bias, rows, cols)) {
  for (ptrdiff_t r = 0; r < rows; r++, x += cols) {
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) x[c] += bias[c];
  }
}

CK_KERNEL(void, ck_add_bias,
          (float *out, const float *x, const float *restrict bias, ptrdiff_t rows, ptrdiff_t cols),
          (out, x, bias, rows, cols)) {
  for (ptrdiff_t r = 0; r < rows; r++, x += cols, out += cols) {
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) out[c] = x[c] + bias[c];
  }
}

// Four rows at a time, to load and store out a quarter as often.
CK_KERNEL(void, ck_sum_rows,
          (float *restrict out, const float *restrict x, ptrdiff_t rows, ptrdiff_t cols,
           float beta),
          (out, x, rows, cols, beta)) {
  if (beta == 0.0f) {
    for (ptrdiff_t c = 0; c < cols; c++) out[c] = 0.0f;
  } else {
    for (ptrdiff_t c = 0; c < cols; c++) out[c] *= beta;
  }
  ptrdiff_t r = 0;
  for (; r + 4 <= rows; r += 4, x += 4 * cols) {
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) {
      out[c] += (x[c] + x[c + cols]) + (x[c + 2 * cols] + x[c + 3 * cols]);
    }
  }
  for (; r < rows; r++, x += cols) {
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) out[c] += x[c];
  }
}

#define CK_BLOCK 4096

CK_KERNEL(float, ck_sum, (const float *x, ptrdiff_t n), (x, n)) {
  double total = 0;
  for (ptrdiff_t start = 0; start < n; start += CK_BLOCK) {
    const ptrdiff_t end = start + CK_BLOCK < n ? start + CK_BLOCK : n;
    float sum = 0;
    CK_EACH
    for (ptrdiff_t i = start; i < end; i++) {
#pragma clang fp reassociate(on)
      sum += x[i];
    }
    total += sum;
  }
  return (float)total;
}

CK_KERNEL(float, ck_dot, (const float *a, const float *b, ptrdiff_t n), (a, b, n)) {
  double total = 0;
  for (ptrdiff_t start = 0; start < n; start += CK_BLOCK) {
    const ptrdiff_t end = start + CK_BLOCK < n ? start + CK_BLOCK : n;
    float sum = 0;
    CK_EACH
    for (ptrdiff_t i = start; i < end; i++) {
#pragma clang fp reassociate(on)
      sum += a[i] * b[i];
    }
    total += sum;
  }
  return (float)total;
}

CK_KERNEL(double, ck_sum_squares, (const float *x, ptrdiff_t n), (x, n)) {
  double sum = 0;
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) {
#pragma clang fp reassociate(on)
    sum += (double)x[i] * (double)x[i];
  }
  return sum;
}

CK_KERNEL(int, ck_all_finite, (const float *x, ptrdiff_t n), (x, n)) {
  const uint32_t infinity = 0x7f800000;
  uint32_t found = 0;
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) found |= (ck_bits(x[i]) & infinity) == infinity;
  return !found;
}

// ln x for normal x > 0: x = 2ᵉ m, √½ ≤ m < √2, and ln m by the polynomial of the Cephes library
// (S. Moshier), which is good to one unit in the last place.
CK_INLINE float ck_log_normal(float x) {
  const uint32_t bits = ck_bits(x) - 0x3f3504f3u;
  const float e = (float)((int32_t)bits >> 23);
  const float f = ck_from_bits((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  float p = 7.0376836292e-2f;
  p = p * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  const float square = f * f;
  const float low = p * f * square - 2.12194440e-4f * e - 0.5f * square;
  return (f + low) + 0.693359375f * e;
}

CK_KERNEL(double, ck_entropy, (const float *x, ptrdiff_t n), (x, n)) {
  double total = 0;
  for (ptrdiff_t start = 0; start < n; start += CK_BLOCK) {
    const ptrdiff_t end = start + CK_BLOCK < n ? start + CK_BLOCK : n;
    float sum = 0;
    CK_EACH
    for (ptrdiff_t i = start; i < end; i++) {
#pragma clang fp reassociate(on)
      sum += x[i] * ck_log_normal(x[i] < 0x1p-126f ? 0x1p-126f : x[i]);
    }
    total += sum;
  }
  return -total;
}
