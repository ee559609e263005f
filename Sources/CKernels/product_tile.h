#pragma once

#include "internal.h"

// Matrix products for processors with AVX-512: what is different for float and bfloat16 operands.
//
// Packed operands consist of 32-bit steps along the inner size: a float, or two bfloat16 of which
// the even one is in the lower half. So tiles and layouts are the same for both.
//
// A debug build would run these loops unoptimised; there is `ck_product_is_available` false.
#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define CK_PRODUCTS 1
#include <immintrin.h>

// bf16 is named here although the functions serve floats as well, as one can be inlined in another
// of the same target only. None of its instructions is used unless precision is CK_BFLOAT16.
#define CK_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))
#define CK_AVX512_INLINE CK_INLINE CK_AVX512
#define CK_UNROLL _Pragma("unroll")

// A tile is 8 rows by 3 vectors of columns: 24 sums, which leaves registers for the 3 vectors of
// the second operand and hides the latency of the products twice over.
enum { CK_TILE_ROWS = 8, CK_TILE_VECTORS = 3, CK_LANES = 16 };

CK_INLINE ptrdiff_t ck_smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
CK_INLINE ptrdiff_t ck_rounded_up(ptrdiff_t n, ptrdiff_t unit) {
  return (n + unit - 1) / unit * unit;
}
/// Steps for an inner size of k.
CK_INLINE ptrdiff_t ck_steps(ck_precision precision, ptrdiff_t k) {
  return precision == CK_BFLOAT16 ? (k + 1) / 2 : k;
}
/// The first n of 16 lanes; all if there are more.
CK_INLINE __mmask16 ck_lanes(ptrdiff_t n) {
  return n >= CK_LANES ? 0xffff : n <= 0 ? 0 : (__mmask16)((1u << n) - 1);
}

/// Where the operands of a tile lie: first[row * row_stride + step * step_stride] and
/// second[step * second_stride + column].
typedef struct {
  const float *first;
  ptrdiff_t row_stride, step_stride;
  const float *second;
  ptrdiff_t second_stride;
  ptrdiff_t steps;
} ck_tile;

/// out[row][column] = alpha Σ_step first second + beta out[row][column] + bias[column] for `rows`
/// and for `vectors` of columns, of which the last counts where `mask` says so.
CK_AVX512_INLINE void ck_tile_product(
    const ck_precision precision, const int rows, const int vectors, float *out, ptrdiff_t stride,
    ck_tile tile, float alpha, float beta, const float *bias, __mmask16 mask) {
  __m512 sums[CK_TILE_ROWS][CK_TILE_VECTORS];
  CK_UNROLL
  for (int i = 0; i < rows; i++) {
    CK_UNROLL
    for (int j = 0; j < vectors; j++) sums[i][j] = _mm512_setzero_ps();
  }
  for (ptrdiff_t step = 0; step < tile.steps; step++) {
    __m512 second[CK_TILE_VECTORS];
    CK_UNROLL
    for (int j = 0; j < vectors; j++) second[j] = _mm512_loadu_ps(tile.second + CK_LANES * j);
    CK_UNROLL
    for (int i = 0; i < rows; i++) {
      const __m512 first = _mm512_set1_ps(tile.first[i * tile.row_stride]);
      CK_UNROLL
      for (int j = 0; j < vectors; j++) {
        sums[i][j] = precision == CK_BFLOAT16
            ? _mm512_dpbf16_ps(sums[i][j], (__m512bh)first, (__m512bh)second[j])
            : _mm512_fmadd_ps(first, second[j], sums[i][j]);
      }
    }
    tile.first += tile.step_stride;
    tile.second += tile.second_stride;
  }
  CK_UNROLL
  for (int i = 0; i < rows; i++) {
    CK_UNROLL
    for (int j = 0; j < vectors; j++) {
      const __mmask16 lanes = j == vectors - 1 ? mask : 0xffff;
      float *place = out + i * stride + CK_LANES * j;
      __m512 y = _mm512_mul_ps(_mm512_set1_ps(alpha), sums[i][j]);
      if (bias) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(lanes, bias + CK_LANES * j));
      if (beta != 0) {
        y = _mm512_fmadd_ps(_mm512_set1_ps(beta), _mm512_maskz_loadu_ps(lanes, place), y);
      }
      _mm512_mask_storeu_ps(place, lanes, y);
    }
  }
}

/// 16 floats at p from column `from` to `count`, 0 behind them.
CK_AVX512_INLINE __m512 ck_load(const float *p, ptrdiff_t from, ptrdiff_t count) {
  return _mm512_maskz_loadu_ps(ck_lanes(count - from), p + from);
}

/// 16 steps of a row whose inner size is k, from `step` on; 0 behind its end.
CK_AVX512_INLINE __m512i ck_steps_along(
    const ck_precision precision, const float *row, ptrdiff_t step, ptrdiff_t k) {
  if (precision == CK_FLOAT32) return _mm512_castps_si512(ck_load(row, step, k));
  return (__m512i)_mm512_cvtne2ps_pbh(
      ck_load(row, 2 * step + CK_LANES, k), ck_load(row, 2 * step, k));
}

/// A step of 16 columns of a matrix whose rows are the inner size, k of them `stride` apart.
CK_AVX512_INLINE __m512i ck_step_across(
    const ck_precision precision, const float *matrix, ptrdiff_t stride, ptrdiff_t step,
    ptrdiff_t k, ptrdiff_t column, ptrdiff_t columns) {
  if (precision == CK_FLOAT32) {
    return _mm512_castps_si512(ck_load(matrix + step * stride, column, columns));
  }
  const float *even = matrix + 2 * step * stride;
  const __m512i lower = _mm512_cvtepu16_epi32(
      (__m256i)_mm512_cvtneps_pbh(ck_load(even, column, columns)));
  if (2 * step + 1 == k) return lower;
  const __m512i upper = _mm512_cvtepu16_epi32(
      (__m256i)_mm512_cvtneps_pbh(ck_load(even + stride, column, columns)));
  return _mm512_or_si512(lower, _mm512_slli_epi32(upper, 16));
}

/// Turns 16 rows into 16 columns, as blocks of 1, 2, 4 and 8 by turns.
CK_AVX512_INLINE void ck_transpose(__m512i rows[CK_LANES]) {
  __m512i t[CK_LANES];
  CK_UNROLL
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  CK_UNROLL
  for (int i = 0; i < 16; i += 4) {
    CK_UNROLL
    for (int j = 0; j < 2; j++) {
      rows[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + j + 2]);
      rows[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + j + 2]);
    }
  }
  // Rows 4 apart hold the same column in each quarter; then rows 8 apart.
  CK_UNROLL
  for (int i = 0; i < 4; i++) {
    CK_UNROLL
    for (int j = 0; j < 16; j += 8) {
      t[i + j] = _mm512_shuffle_i32x4(rows[i + j], rows[i + j + 4], 0x88);
      t[i + j + 4] = _mm512_shuffle_i32x4(rows[i + j], rows[i + j + 4], 0xdd);
    }
  }
  CK_UNROLL
  for (int i = 0; i < 8; i++) {
    rows[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    rows[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
  }
}
#endif
