#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define CK_X86_64 1
#endif

/// Levels of instructions that this processor has, lowest first.
typedef int ck_level_index;
enum { CK_BASELINE, CK_X86_64_V3, CK_X86_64_V4, CK_AMX };
/// The level in use, known before main.
extern ck_level_index ck_chosen_level;
/// Whether this process may use the registers of AMX, for which it asks the system. From then on an
/// alternate stack for signals must have room for them (8 KB more) in all of the process.
bool ck_may_use_amx(void);

// Before a kernel's braces: `CK_KERNEL(result, name, (parameters), (arguments)) { … }` compiles it
// once for each level, as name_v4, name_v3 and name_baseline, and name, which calls the one in use.
// A vector type must not be passed by value: the lower levels have no such registers. Features and
// not "arch=", for which clang would leave half of a register of AVX-512 unused.
#if defined(CK_X86_64)
#define CK_V3 "avx2,bmi,bmi2,f16c,fma,lzcnt,movbe,popcnt"
#define CK_V4 CK_V3 ",avx512f,avx512bw,avx512cd,avx512dq,avx512vl"
#define CK_FOR(features) __attribute__((noinline, target(features)))
#define CK_KERNEL(result, name, parameters, arguments) \
  CK_INLINE result name##_body parameters; \
  CK_FOR(CK_V4) result name##_v4 parameters { return name##_body arguments; } \
  CK_FOR(CK_V3) result name##_v3 parameters { return name##_body arguments; } \
  __attribute__((noinline)) result name##_baseline parameters { return name##_body arguments; } \
  result name parameters { \
    if (ck_chosen_level >= CK_X86_64_V4) return name##_v4 arguments; \
    if (ck_chosen_level == CK_X86_64_V3) return name##_v3 arguments; \
    return name##_baseline arguments; \
  } \
  CK_INLINE result name##_body parameters
#else
#define CK_KERNEL(result, name, parameters, arguments) result name parameters
#endif

// Before a helper, so that each level has a copy of its own.
#define CK_INLINE static inline __attribute__((always_inline))

// Before a loop whose iterations touch only their own elements. Without it a kernel called in
// place fails the compiler's test for overlap and runs one number at a time.
#define CK_EACH _Pragma("clang loop vectorize(assume_safety) interleave_count(4)")
// The same along a row, which is often some 200 long: fewer elements are left over.
#define CK_ROW _Pragma("clang loop vectorize(assume_safety) interleave_count(2)")

CK_INLINE float ck_from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

CK_INLINE uint32_t ck_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

// Adding this rounds to an integer n and leaves n + 127 in the lowest bits.
#define CK_ROUND 0x1.8000fep23f

// exp(x) = 2ⁿ exp(r), |r| ≤ ln2 / 2. Returns exp(r); t is CK_ROUND + n.
// ln2 is split in two so that n · high is exact without FMA; the polynomial is the minimax one
// of degree 6 (relative error 3e-9).
CK_INLINE float ck_exp_reduced(float x, float *t) {
  *t = x * 0x1.715476p0f + CK_ROUND;
  const float n = *t - CK_ROUND;
  float r = x - n * 0.693145751953125f;
  r = r - n * 1.42860677e-6f;
  float p = 1.38145674e-3f;
  p = p * r + 8.36873149e-3f;
  p = p * r + 4.16683895e-2f;
  p = p * r + 1.66665205e-1f;
  p = p * r + 4.99999934e-1f;
  p = p * r + 1.0f;
  return p * r + 1.0f;
}

// exp(x) for x < 88. Clamped at -88 the exponent's field is 0, and so the result.
// The comparisons here and below keep a NaN.
CK_INLINE float ck_exp_below_88(float x) {
  float t;
  const float p = ck_exp_reduced(x < -88.0f ? -88.0f : x, &t);
  return p * ck_from_bits(ck_bits(t) << 23);
}

// exp(x) for all x. 2¹²⁸ is no float, so n = 128 is done as 2¹²⁷ · 2.
CK_INLINE float ck_expf(float x) {
  float t;
  x = x < -88.0f ? -88.0f : x;
  const float p = ck_exp_reduced(x > 89.0f ? 89.0f : x, &t);
  const float top = CK_ROUND + 127.0f;
  const float y = p * ck_from_bits(ck_bits(t > top ? top : t) << 23);
  return t > top ? y + y : y;
}

// The upper tail of the normal distribution, 1 - Φ(z), for 0 ≤ z ≤ 14, and density =
// exp(-z²/2). Their quotient, Mills' ratio up to a factor, is a rational function to 5e-9.
CK_INLINE float ck_normal_tail(float z, float *density) {
  *density = ck_exp_below_88(-0.5f * z * z);
  float p = 3.98242966e-3f;
  p = p * z + 3.97419939e-2f;
  p = p * z + 1.80606189e-1f;
  p = p * z + 4.34768321e-1f;
  p = p * z + 0.5f;
  float q = 9.98232203e-3f;
  q = q * z + 9.96260226e-2f;
  q = q * z + 4.62525373e-1f;
  q = q * z + 1.19161886f;
  q = q * z + 1.66742144f;
  q = q * z + 1.0f;
  return *density * (p / q);
}

typedef float ck_float2 __attribute__((ext_vector_type(2)));
typedef float ck_float4 __attribute__((ext_vector_type(4)));
typedef float ck_float8 __attribute__((ext_vector_type(8)));
typedef float ck_float16 __attribute__((ext_vector_type(16)));
#define CK_LARGER(a, b) ((a) > (b) ? (a) : (b))

// max_c scale x[c]; NaN is passed over, and n = 0 gives -inf.
// Written with vectors because clang vectorises no maximum that might meet a NaN; every level
// has them, in as many registers as it takes. The last block overlaps the one before it.
CK_INLINE float ck_row_max(const float *x, float scale, ptrdiff_t n) {
  if (n < 16) {
    float best = -INFINITY;
    for (ptrdiff_t i = 0; i < n; i++) best = CK_LARGER(scale * x[i], best);
    return best;
  }
  ck_float16 best = -INFINITY;
  for (ptrdiff_t i = 0; i < n; i += 16) {
    ck_float16 block;
    memcpy(&block, x + (i + 16 <= n ? i : n - 16), sizeof block);
    best = CK_LARGER(scale * block, best);
  }
  const ck_float8 eight = CK_LARGER(best.hi, best.lo);
  const ck_float4 four = CK_LARGER(eight.hi, eight.lo);
  const ck_float2 two = CK_LARGER(four.hi, four.lo);
  return CK_LARGER(two.y, two.x);
}

// out = exp(scale x - max), and the sum of it. In place: out and x.
CK_INLINE float ck_row_exp_from(float *out, const float *x, float scale, float max, ptrdiff_t n) {
  float sum = 0;
  CK_ROW
  for (ptrdiff_t i = 0; i < n; i++) {
#pragma clang fp reassociate(on)
    const float e = ck_exp_below_88(scale * x[i] - max);
    out[i] = e;
    sum += e;
  }
  return sum;
}

// The same with max = max_c scale x[c].
CK_INLINE float ck_row_exp(float *out, const float *x, float scale, ptrdiff_t n) {
  return ck_row_exp_from(out, x, scale, ck_row_max(x, scale, n), n);
}
