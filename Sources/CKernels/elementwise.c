#include "internal.h"

const char *ck_level(void) {
#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
  if (__builtin_cpu_supports("x86-64-v4")) return "x86-64-v4";
  if (__builtin_cpu_supports("x86-64-v3")) return "x86-64-v3";
  return "baseline";
#elif defined(__aarch64__)
  return "neon";
#else
  return "baseline";
#endif
}

CK_CLONES void ck_add(float *out, const float *a, const float *b, ptrdiff_t n) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = a[i] + b[i];
}

CK_CLONES void ck_sub(float *out, const float *a, const float *b, ptrdiff_t n) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = a[i] - b[i];
}

CK_CLONES void ck_mul(float *out, const float *a, const float *b, ptrdiff_t n) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = a[i] * b[i];
}

CK_CLONES void ck_div(float *out, const float *a, const float *b, ptrdiff_t n) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = a[i] / b[i];
}

CK_CLONES void ck_fill(float *out, float value, ptrdiff_t n) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = value;
}

CK_CLONES void ck_scale(float *out, float alpha, const float *x, ptrdiff_t n) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = alpha * x[i];
}

CK_CLONES void ck_axpy(float *out, float alpha, const float *x, ptrdiff_t n) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = alpha * x[i] + out[i];
}

CK_CLONES void ck_add_scalar(float *out, const float *x, float value, ptrdiff_t n) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = x[i] + value;
}

CK_CLONES void ck_relu(float *out, const float *x, ptrdiff_t n) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = x[i] < 0.0f ? 0.0f : x[i];
}

CK_CLONES void ck_square(float *out, const float *x, ptrdiff_t n) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) out[i] = x[i] * x[i];
}

// The builtin and not sqrtf, which sets errno and so stays a call.
CK_CLONES void ck_sqrt(float *out, const float *x, ptrdiff_t n) {
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
