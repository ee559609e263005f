#include "products.h"

#if defined(CK_X86_64)
#include <immintrin.h>

// Matrix products for processors with AVX2 and FMA. A tile is 6 rows by 2 vectors of columns: 12
// sums, which leaves registers for the 2 vectors of the second operand and an element of the first.
#define TARGET __attribute__((target("avx2,fma")))
#define INLINE CK_INLINE TARGET

enum { LANES = 8, TILE_ROWS = 6, TILE_VECTORS = 2, ROW_PANEL = 24 };
enum { INNER = 320, BLOCK = 80000, ROWS = 96, SHORT = 256 };

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
/// A masked store takes more than a step of a tile, so whole vectors are stored without.
INLINE void store_some(float *p, vector x, lanes some) {
  if (_mm256_movemask_ps(_mm256_castsi256_ps(some)) == 0xff) {
    store(p, x);
  } else {
    _mm256_maskstore_ps(p, some, x);
  }
}
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

/// A pointer that the compiler knows nothing about.
#define OPAQUE(pointer) __asm__("" : "+r"(pointer))
#define OWN_TILES 1
#define FETCHES_OUTPUT 1

/// Adds a step to the sums of a tile whose fourth row begins at `fourth`.
INLINE void add_step(
    const int rows, const int vectors, vector sums[TILE_ROWS][TILE_VECTORS], const float *first,
    const float *fourth, ptrdiff_t stride, const float *panel) {
  vector second[TILE_VECTORS];
  CK_UNROLL
  for (int j = 0; j < vectors; j++) second[j] = load(panel + LANES * j);
  CK_UNROLL
  for (int i = 0; i < rows; i++) {
    const vector x = broadcast(i < 3 ? first[i * stride] : fourth[(i - 3) * stride]);
    CK_UNROLL
    for (int j = 0; j < vectors; j++) sums[i][j] = fused(x, second[j], sums[i][j]);
  }
}

/// The sums of a tile. Its rows are addressed from two pointers, three rows apart, as an address
/// has room for one and two strides. Left alone, clang makes each row's address from the one
/// before, and that chain of additions takes longer than the products.
INLINE void tile_sums(
    const int rows, const int vectors, vector sums[TILE_ROWS][TILE_VECTORS], ck_tile tile) {
  enum { AT_ONCE = 4 };
  const float *first = tile.first, *panel = tile.second;
  const ptrdiff_t stride = tile.row_stride, width = vectors * LANES;
  ptrdiff_t steps = tile.steps;
  if (tile.step_stride != 1) {  // rows lie beside each other
    for (; steps > 0; steps--) {
      OPAQUE(first);
      add_step(rows, vectors, sums, first, first + 3, 1, panel);
      first += tile.step_stride;
      panel += width;
    }
    return;
  }
  const float *fourth = first + 3 * stride;
  for (; steps >= AT_ONCE; steps -= AT_ONCE) {
    OPAQUE(first);
    OPAQUE(fourth);
    CK_UNROLL
    for (int step = 0; step < AT_ONCE; step++) {
      add_step(
          rows, vectors, sums, first + step, fourth + step, stride, panel + step * width);
    }
    first += AT_ONCE;
    fourth += AT_ONCE;
    panel += AT_ONCE * width;
  }
  for (; steps > 0; steps--) {
    OPAQUE(first);
    OPAQUE(fourth);
    add_step(rows, vectors, sums, first++, fourth++, stride, panel);
    panel += width;
  }
}

/// alpha sums + bias + beta out, a term after the other for the whole tile: where each vector asks
/// anew which terms there are, that takes longer than the arithmetic.
INLINE void end_tile(
    const int rows, const int vectors, vector sums[TILE_ROWS][TILE_VECTORS], float *out,
    ptrdiff_t stride, float alpha, float beta, const float *bias, lanes last) {
  const vector scale = broadcast(alpha), kept = broadcast(beta);
  CK_UNROLL
  for (int i = 0; i < rows; i++) {
    CK_UNROLL
    for (int j = 0; j < vectors; j++) sums[i][j] *= scale;
  }
  if (bias) {
    CK_UNROLL
    for (int j = 0; j < vectors; j++) {
      const float *place = bias + LANES * j;
      const vector added = j == vectors - 1 ? load_some(place, last) : load(place);
      CK_UNROLL
      for (int i = 0; i < rows; i++) sums[i][j] += added;
    }
  }
  CK_UNROLL
  for (int i = 0; beta != 0 && i < rows; i++) {
    CK_UNROLL
    for (int j = 0; j < vectors; j++) {
      const float *place = out + i * stride + LANES * j;
      sums[i][j] = fused(kept, j == vectors - 1 ? load_some(place, last) : load(place), sums[i][j]);
    }
  }
  CK_UNROLL
  for (int i = 0; i < rows; i++) {
    float *row = out + i * stride;
    CK_UNROLL
    for (int j = 0; j < vectors - 1; j++) store(row + LANES * j, sums[i][j]);
    store_some(row + LANES * (vectors - 1), sums[i][vectors - 1], last);
  }
}

#include "product_blocks.h"

CK_PRODUCTS(ck_products_avx2, "AVX2", CK_FLOAT32, ck_chosen_level >= CK_X86_64_V3)
#endif
