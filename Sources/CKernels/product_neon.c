#include "products.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

// Matrix products for 64-bit Arm: of floats on every processor, of bfloat16 where bfmmla is. A tile
// is 8 rows by 3 vectors of columns: 24 sums, which leaves registers for the 3 vectors of the
// second operand and an element of the first.
//
// bf16 is named here although the functions serve floats as well, as one can be inlined in another
// of the same target only. None of its instructions is used unless precision is CK_BFLOAT16.
#define TARGET __attribute__((target("bf16")))
#define INLINE CK_INLINE TARGET

#define TILE_ROWS_ARE_8 1
enum { LANES = 4, TILE_ROWS = 8, TILE_VECTORS = 3, ROW_PANEL = 16 };
enum { INNER = 256, BLOCK = 60000, ROWS = 128, SHORT = 256 };

typedef float32x4_t vector;
typedef ptrdiff_t lanes;

INLINE lanes first_lanes(ptrdiff_t n) { return n; }
INLINE vector zero(void) { return vdupq_n_f32(0); }
INLINE vector load(const float *p) { return vld1q_f32(p); }
INLINE vector load_some(const float *p, lanes some) {
  if (some >= LANES) return load(p);
  vector x = zero();
  CK_UNROLL
  for (int i = 0; i < LANES - 1; i++) {
    if (i < some) x[i] = p[i];
  }
  return x;
}
INLINE void store(float *p, vector x) { vst1q_f32(p, x); }
INLINE void store_some(float *p, vector x, lanes some) {
  if (some >= LANES) {
    store(p, x);
    return;
  }
  CK_UNROLL
  for (int i = 0; i < LANES - 1; i++) {
    if (i < some) p[i] = x[i];
  }
}
INLINE vector broadcast(float x) { return vdupq_n_f32(x); }
INLINE vector fused(vector a, vector b, vector c) { return vfmaq_f32(c, a, b); }

INLINE vector product_sum(
    const ck_precision precision, vector sum, vector first, vector second) {
  return precision == CK_BFLOAT16
      ? vbfdotq_f32(sum, vreinterpretq_bf16_f32(first), vreinterpretq_bf16_f32(second))
      : fused(first, second, sum);
}

/// Columns `from` … `from` + 3 of a row of `count`, 0 behind its end.
INLINE vector load_row(const float *row, ptrdiff_t from, ptrdiff_t count) {
  return load_some(row + from, count - from);
}

/// What is to be rounded to bfloat16: bfcvtn would round the largest denormals up to a number.
INLINE vector without_denormals(vector x) {
  const uint32x4_t are_denormal = vcaltq_f32(x, broadcast(0x1p-126f));
  return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), are_denormal));
}

INLINE vector steps_along(
    const ck_precision precision, const float *row, ptrdiff_t step, ptrdiff_t k) {
  if (precision == CK_FLOAT32) return load_row(row, step, k);
  const vector lower = without_denormals(load_row(row, 2 * step, k));
  const vector upper = without_denormals(load_row(row, 2 * step + LANES, k));
  return vreinterpretq_f32_bf16(vcvtq_high_bf16_f32(vcvtq_low_bf16_f32(lower), upper));
}

INLINE vector step_across(
    const ck_precision precision, const float *matrix, ptrdiff_t stride, ptrdiff_t step,
    ptrdiff_t k, ptrdiff_t column, ptrdiff_t columns) {
  if (precision == CK_FLOAT32) return load_row(matrix + step * stride, column, columns);
  const float *row = matrix + 2 * step * stride;
  const vector even = without_denormals(load_row(row, column, columns));
  const vector odd = 2 * step + 1 == k
      ? zero() : without_denormals(load_row(row + stride, column, columns));
  return vreinterpretq_f32_u16(vzip1q_u16(
      vreinterpretq_u16_bf16(vcvtq_low_bf16_f32(even)),
      vreinterpretq_u16_bf16(vcvtq_low_bf16_f32(odd))));
}

/// The lower halves of two vectors; the upper halves.
INLINE vector lower_halves(vector a, vector b) {
  return vcombine_f32(vget_low_f32(a), vget_low_f32(b));
}
INLINE vector upper_halves(vector a, vector b) {
  return vcombine_f32(vget_high_f32(a), vget_high_f32(b));
}

/// Turns 4 rows into 4 columns, as blocks of 1 and 2 by turns.
INLINE void transpose(vector rows[LANES]) {
  const vector even[2] = {vtrn1q_f32(rows[0], rows[1]), vtrn1q_f32(rows[2], rows[3])};
  const vector odd[2] = {vtrn2q_f32(rows[0], rows[1]), vtrn2q_f32(rows[2], rows[3])};
  rows[0] = lower_halves(even[0], even[1]);
  rows[1] = lower_halves(odd[0], odd[1]);
  rows[2] = upper_halves(even[0], even[1]);
  rows[3] = upper_halves(odd[0], odd[1]);
}

// bfmmla takes two steps of two rows and of two columns to 2 × 2 sums. It adds to each as two bfdot
// would, one after the other.
#define MATRIX_STEPS 2

INLINE vector matrix_sum(vector sums, vector first, vector second) {
  return vbfmmlaq_f32(sums, vreinterpretq_bf16_f32(first), vreinterpretq_bf16_f32(second));
}

/// Two steps of the row at `row`, then of that `distance` behind it. The rows are next to each
/// other where the steps are not.
INLINE vector two_rows(const float *row, ptrdiff_t distance, ptrdiff_t step_stride) {
  if (step_stride == 1) return vcombine_f32(vld1_f32(row), vld1_f32(row + distance));
  const float32x2_t step = vld1_f32(row), next = vld1_f32(row + step_stride);
  return vcombine_f32(vzip1_f32(step, next), vzip2_f32(step, next));
}

/// The sums of a tile over its steps, two at a time; of an odd number the last is left.
INLINE ck_tile matrix_sums(
    const int rows, const int vectors, vector sums[TILE_ROWS][TILE_VECTORS], ck_tile tile) {
  vector squares[TILE_ROWS / 2][2 * TILE_VECTORS];
  CK_UNROLL
  for (int i = 0; i < rows; i += 2) {
    CK_UNROLL
    for (int j = 0; j < 2 * vectors; j++) squares[i / 2][j] = zero();
  }
  for (; tile.steps >= 2; tile.steps -= 2) {
    vector second[2 * TILE_VECTORS];
    CK_UNROLL
    for (int j = 0; j < vectors; j++) {
      const vector step = load(tile.second + LANES * j);
      const vector next = load(tile.second + tile.second_stride + LANES * j);
      second[2 * j] = vzip1q_f32(step, next);
      second[2 * j + 1] = vzip2q_f32(step, next);
    }
    CK_UNROLL
    for (int i = 0; i < rows; i += 2) {  // the last of an odd number of rows is taken twice
      const vector first = two_rows(
          tile.first + i * tile.row_stride, i + 1 < rows ? tile.row_stride : 0, tile.step_stride);
      CK_UNROLL
      for (int j = 0; j < 2 * vectors; j++) {
        squares[i / 2][j] = matrix_sum(squares[i / 2][j], first, second[j]);
      }
    }
    tile.first += 2 * tile.step_stride;
    tile.second += 2 * tile.second_stride;
  }
  CK_UNROLL
  for (int i = 0; i < rows; i++) {
    CK_UNROLL
    for (int j = 0; j < vectors; j++) {
      const vector left = squares[i / 2][2 * j], right = squares[i / 2][2 * j + 1];
      sums[i][j] = i % 2 == 0 ? lower_halves(left, right) : upper_halves(left, right);
    }
  }
  return tile;
}

#include "product_blocks.h"

static bool has_bfloat16(void) {
#if defined(__linux__)
  return getauxval(AT_HWCAP2) & HWCAP2_BF16;
#else
  return false;
#endif
}

CK_PRODUCTS(ck_products_neon, "NEON", CK_FLOAT32, true)
CK_PRODUCTS(ck_products_neon_bf16, "NEON BF16", CK_BFLOAT16, has_bfloat16())
#endif
