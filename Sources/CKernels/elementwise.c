#include "internal.h"

CK_KERNEL(void, ck_add, (float *out, const float *a, const float *b, ptrdiff_t n), (out, a, b, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = a[i] + b[i];
}

CK_KERNEL(void, ck_sub, (float *out, const float *a, const float *b, ptrdiff_t n), (out, a, b, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = a[i] - b[i];
}

CK_KERNEL(void, ck_mul, (float *out, const float *a, const float *b, ptrdiff_t n), (out, a, b, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = a[i] * b[i];
}

CK_KERNEL(void, ck_div, (float *out, const float *a, const float *b, ptrdiff_t n), (out, a, b, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = a[i] / b[i];
}

CK_KERNEL(void, ck_fill, (float *out, float value, ptrdiff_t n), (out, value, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = value;
}

CK_KERNEL(void, ck_scale, (float *out, float alpha, const float *x, ptrdiff_t n),
          (out, alpha, x, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = alpha * x[i];
}

CK_KERNEL(void, ck_axpy, (float *out, float alpha, const float *x, ptrdiff_t n),
          (out, alpha, x, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = alpha * x[i] + out[i];
}

CK_KERNEL(void, ck_add_scalar, (float *out, const float *x, float value, ptrdiff_t n),
          (out, x, value, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = x[i] + value;
}

CK_KERNEL(void, ck_relu, (float *out, const float *x, ptrdiff_t n), (out, x, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = x[i] < 0.0f ? 0.0f : x[i];
}

CK_KERNEL(void, ck_square, (float *out, const float *x, ptrdiff_t n), (out, x, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = x[i] * x[i];
}

// The builtin and not sqrtf, which sets errno and so stays a call.
CK_KERNEL(void, ck_sqrt, (float *out, const float *x, ptrdiff_t n), (out, x, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = __builtin_elementwise_sqrt(x[i]);
}

void ck_log(float *out, const float *x, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i++) out[i] = logf(x[i]);
}

void ck_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
