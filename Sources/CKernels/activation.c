#include "internal.h"

CK_KERNEL(void, ck_exp, (float *out, const float *x, ptrdiff_t n), (out, x, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = ck_expf(x[i]);
}

CK_KERNEL(void, ck_sigmoid, (float *out, const float *x, ptrdiff_t n), (out, x, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = 1.0f / (1.0f + ck_expf(-x[i]));
}

// x P(x²) / Q(x²), relative error 2e-8; 1 - tanh(9) is less than half an ulp.
CK_INLINE float ck_tanhf(float x) {
  float z = x > 9.0f ? 9.0f : x;
  z = z < -9.0f ? -9.0f : z;
  const float t = z * z;
  float p = 2.00314396e-8f;
  p = p * t + 3.09132156e-5f;
  p = p * t + 5.24335727e-3f;
  p = p * t + 2.00715169e-1f;
  p = p * t + 1.5f;
  float q = 1.16646083e-6f;
  q = q * t + 4.92841122e-4f;
  q = q * t + 3.88153791e-2f;
  q = q * t + 7.00714886e-1f;
  q = q * t + 1.5f;
  float y = z * p / q;
  y = z >= 9.0f ? 1.0f : y;
  return z <= -9.0f ? -1.0f : y;
}

CK_KERNEL(void, ck_tanh, (float *out, const float *x, ptrdiff_t n), (out, x, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = ck_tanhf(x[i]);
}

// x Φ(x) = max(x, 0) - |x| (1 - Φ(|x|)): no difference of near numbers on either side.
// Beyond 14 the tail is 0.
CK_INLINE float ck_geluf(float x) {
  const float size = fabsf(x);
  const float z = size > 14.0f ? 14.0f : size;
  float density;
  return (x > 0.0f ? x : 0.0f) - z * ck_normal_tail(z, &density);
}

// Φ(x) + x φ(x)
CK_INLINE float ck_gelu_slope(float x) {
  const float size = fabsf(x);
  const float z = size > 14.0f ? 14.0f : size;
  float density;
  const float tail = ck_normal_tail(z, &density);
  const float rise = z * density * 0.398942280f;  // |x| φ(x), φ(x) = density / √2π
  return x > 0.0f ? 1.0f - tail + rise : tail - rise;
}

CK_KERNEL(void, ck_gelu, (float *out, const float *x, ptrdiff_t n), (out, x, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = ck_geluf(x[i]);
}

CK_KERNEL(void, ck_gelu_backward, (float *dx, const float *x, const float *dy, ptrdiff_t n),
          (dx, x, dy, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) dx[i] = dy[i] * ck_gelu_slope(x[i]);
}

CK_KERNEL(void, ck_bias_gelu,
          (float *out, const float *x, const float *restrict bias, ptrdiff_t rows, ptrdiff_t cols),
          (out, x, bias, rows, cols)) {
  for (ptrdiff_t r = 0; r < rows; r++, x += cols, out += cols) {
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) out[c] = ck_geluf(x[c] + bias[c]);
  }
}

CK_KERNEL(void, ck_bias_gelu_backward,
          (float *dx, const float *x, const float *restrict bias, const float *dy, ptrdiff_t rows,
           ptrdiff_t cols),
          (dx, x, bias, dy, rows, cols)) {
  for (ptrdiff_t r = 0; r < rows; r++, x += cols, dy += cols, dx += cols) {
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) dx[c] = dy[c] * ck_gelu_slope(x[c] + bias[c]);
  }
}
