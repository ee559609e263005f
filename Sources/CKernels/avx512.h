#pragma once

#include <immintrin.h>

#include "internal.h"

// The vectors of AVX-512, for matrix products of the levels that have them, which define TARGET.
#define INLINE CK_INLINE TARGET

enum { LANES = 16 };
typedef __m512 vector;
typedef __mmask16 lanes;

INLINE lanes first_lanes(ptrdiff_t n) {
  return n >= LANES ? 0xffff : n <= 0 ? 0 : (lanes)((1u << n) - 1);
}
INLINE vector zero(void) { return _mm512_setzero_ps(); }
INLINE vector load(const float *p) { return _mm512_loadu_ps(p); }
INLINE vector load_some(const float *p, lanes some) { return _mm512_maskz_loadu_ps(some, p); }
INLINE void store(float *p, vector x) { _mm512_storeu_ps(p, x); }
INLINE void store_some(float *p, vector x, lanes some) { _mm512_mask_storeu_ps(p, some, x); }
INLINE vector broadcast(float x) { return _mm512_set1_ps(x); }
INLINE vector fused(vector a, vector b, vector c) { return _mm512_fmadd_ps(a, b, c); }

INLINE vector product_sum(
    const ck_precision precision, vector sum, vector first, vector second) {
  return precision == CK_BFLOAT16 ? _mm512_dpbf16_ps(sum, (__m512bh)first, (__m512bh)second)
                                  : fused(first, second, sum);
}

/// Columns `from` … `from` + 15 of a row of `count`, 0 behind its end.
INLINE vector load_row(const float *row, ptrdiff_t from, ptrdiff_t count) {
  return load_some(row + from, first_lanes(count - from));
}

INLINE vector steps_along(
    const ck_precision precision, const float *row, ptrdiff_t step, ptrdiff_t k) {
  if (precision == CK_FLOAT32) return load_row(row, step, k);
  return (vector)_mm512_cvtne2ps_pbh(
      load_row(row, 2 * step + LANES, k), load_row(row, 2 * step, k));
}

INLINE __m512i as_bfloat16(vector x) {
  return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(x));
}

INLINE vector step_across(
    const ck_precision precision, const float *matrix, ptrdiff_t stride, ptrdiff_t step,
    ptrdiff_t k, ptrdiff_t column, ptrdiff_t columns) {
  if (precision == CK_FLOAT32) return load_row(matrix + step * stride, column, columns);
  const float *even = matrix + 2 * step * stride;
  const __m512i lower = as_bfloat16(load_row(even, column, columns));
  if (2 * step + 1 == k) return (vector)lower;
  const __m512i upper = as_bfloat16(load_row(even + stride, column, columns));
  return (vector)_mm512_or_si512(lower, _mm512_slli_epi32(upper, 16));
}

/// Turns 16 rows into 16 columns, as blocks of 1, 2, 4 and 8 by turns.
INLINE void transpose(vector rows[LANES]) {
  vector t[LANES];
  CK_UNROLL
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
  }
  CK_UNROLL
  for (int i = 0; i < 16; i += 4) {
    CK_UNROLL
    for (int j = 0; j < 2; j++) {
      rows[i + 2 * j] = _mm512_shuffle_ps(t[i + j], t[i + j + 2], 0x44);
      rows[i + 2 * j + 1] = _mm512_shuffle_ps(t[i + j], t[i + j + 2], 0xee);
    }
  }
  // Rows 4 apart hold the same column in each quarter; then rows 8 apart.
  CK_UNROLL
  for (int i = 0; i < 4; i++) {
    CK_UNROLL
    for (int j = 0; j < 16; j += 8) {
      t[i + j] = _mm512_shuffle_f32x4(rows[i + j], rows[i + j + 4], 0x88);
      t[i + j + 4] = _mm512_shuffle_f32x4(rows[i + j], rows[i + j + 4], 0xdd);
    }
  }
  CK_UNROLL
  for (int i = 0; i < 8; i++) {
    rows[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
    rows[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
  }
}
