#include "products.h"

#if defined(CK_X86_64)
#include <immintrin.h>

// Matrix products for processors with AVX2 and FMA. A tile is 6 rows by 2 vectors of columns: 12
// sums, which leaves registers for the 2 vectors of the second operand and an element of the first.
#define TARGET __attribute__((target("avx2,fma")))
#define INLINE CK_INLINE TARGET

enum { LANES = 8, TILE_ROWS = 6, TILE_VECTORS = 2, ROW_PANEL = 24 };
enum { INNER = 256, BLOCK = 80000, ROWS = 120, SHORT = 256 };

typedef __m256 vector;
typedef __m256i lanes;

INLINE lanes first_lanes(ptrdiff_t n) {
  return _mm256_cmpgt_epi32(
      _mm256_set1_epi32((int)(n < LANES ? n : LANES)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE vector zero(void) { return _mm256_setzero_ps(); }
INLINE vector load(const float *p) { return _mm256_loadu_ps(p); }
INLINE vector load_some(const float *p, lanes some) { return _mm256_maskload_ps(p, some); }
INLINE void store(float *p, vector x) { _mm256_storeu_ps(p, x); }
INLINE void store_some(float *p, vector x, lanes some) { _mm256_maskstore_ps(p, some, x); }
INLINE vector broadcast(float x) { return _mm256_set1_ps(x); }
INLINE vector fused(vector a, vector b, vector c) { return _mm256_fmadd_ps(a, b, c); }

INLINE vector product_sum(ck_precision precision, vector sum, vector first, vector second) {
  return fused(first, second, sum);
}

/// Columns `from` … `from` + 7 of a row of `count`, 0 behind its end.
INLINE vector load_row(const float *row, ptrdiff_t from, ptrdiff_t count) {
  if (from + LANES <= count) return load(row + from);
  return load_some(row + from, first_lanes(count - from));
}

INLINE vector steps_along(
    ck_precision precision, const float *row, ptrdiff_t step, ptrdiff_t k) {
  return load_row(row, step, k);
}

INLINE vector step_across(
    ck_precision precision, const float *matrix, ptrdiff_t stride, ptrdiff_t step, ptrdiff_t k,
    ptrdiff_t column, ptrdiff_t columns) {
  return load_row(matrix + step * stride, column, columns);
}

/// Turns 8 rows into 8 columns, as blocks of 1, 2 and 4 by turns.
INLINE void transpose(vector rows[LANES]) {
  vector t[LANES];
  CK_UNROLL
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
  CK_UNROLL
  for (int i = 0; i < 8; i += 4) {
    CK_UNROLL
    for (int j = 0; j < 2; j++) {
      rows[i + 2 * j] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0x44);
      rows[i + 2 * j + 1] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0xee);
    }
  }
  CK_UNROLL
  for (int i = 0; i < 4; i++) {
    t[i] = _mm256_permute2f128_ps(rows[i], rows[i + 4], 0x20);
    t[i + 4] = _mm256_permute2f128_ps(rows[i], rows[i + 4], 0x31);
  }
  CK_UNROLL
  for (int i = 0; i < 8; i++) rows[i] = t[i];
}

#include "product_blocks.h"

CK_PRODUCTS(ck_products_avx2, "AVX2", CK_FLOAT32, ck_chosen_level >= CK_X86_64_V3)
#endif
