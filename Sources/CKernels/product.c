#include "product_tile.h"

#if defined(CK_PRODUCTS)

// Blocks of both operands share a core's second cache: up to INNER steps of the second operand's
// columns, up to BLOCK of their vectors' lanes, and of ROWS rows of the first. A panel (the columns
// of a tile) stays in the first cache while the rows go by. A row is SHORT if the next tile finds
// the other half of its lines still in the cache.
enum { INNER = 448, BLOCK = 180000, ROWS = 128, SHORT = 256, PANEL = CK_TILE_VECTORS * CK_LANES };

bool ck_product_is_available(ck_precision precision) {
#if !defined(__OPTIMIZE__)
  return false;
#endif
  return ck_product_can_run(precision);
}

bool ck_product_can_run(ck_precision precision) {
  return __builtin_cpu_supports("x86-64-v4") &&
      (precision == CK_FLOAT32 || __builtin_cpu_supports("avx512bf16"));
}

/// Steps in a row of the first operand where it is converted row by row.
CK_INLINE ptrdiff_t row_steps(ptrdiff_t steps) { return ck_rounded_up(steps, CK_LANES); }

/// How much of an inner size of k a block takes: as much as all others, but for the last.
CK_INLINE ptrdiff_t block_length(ck_precision precision, ptrdiff_t k) {
  const ptrdiff_t longest = precision == CK_BFLOAT16 ? 2 * INNER : INNER;
  if (k <= 0) return 2;
  const ptrdiff_t blocks = (k + longest - 1) / longest;
  return ck_rounded_up((k + blocks - 1) / blocks, 2);
}

/// Columns in a block of the second operand: whole panels.
CK_INLINE ptrdiff_t block_columns(ptrdiff_t steps) {
  return BLOCK / (steps > 0 ? steps : 1) / PANEL * PANEL;
}

/// Floats of the largest block of the second operand, of which that of the first lies behind.
CK_INLINE ptrdiff_t block_count(ck_precision precision, ptrdiff_t n, ptrdiff_t k) {
  const ptrdiff_t steps = ck_steps(precision, block_length(precision, k));
  return steps * ck_rounded_up(ck_smaller(n, block_columns(steps)), CK_LANES);
}

ptrdiff_t ck_product_scratch(ck_precision precision, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
  const ptrdiff_t steps = ck_steps(precision, block_length(precision, k));
  return block_count(precision, n, k) +
      row_steps(steps) * ck_rounded_up(ck_smaller(m, ROWS), CK_LANES);
}

/// Columns `width` wide: a panel, or what is left for the last, whole vectors.
CK_INLINE ptrdiff_t panel_width(ptrdiff_t columns, ptrdiff_t width) {
  return ck_smaller(ck_rounded_up(columns, CK_LANES), width);
}

/// Asks for the line at p, and for bfloat16 the one `distance` floats after it, which go to the
/// same step: what a matrix has after what is being packed, as it often comes from far away.
CK_AVX512_INLINE void fetch(const ck_precision precision, const float *p, ptrdiff_t distance) {
  __builtin_prefetch(p);
  if (precision == CK_BFLOAT16) __builtin_prefetch(p + distance);
}

/// Panels of a matrix of k rows and n columns, each [steps][width]; 0 where a panel is wider.
CK_AVX512_INLINE void pack_rows(
    const ck_precision precision, float *out, const float *x, ptrdiff_t stride, ptrdiff_t k,
    ptrdiff_t n, const ptrdiff_t widest) {
  const ptrdiff_t steps = ck_steps(precision, k), per_step = precision == CK_BFLOAT16 ? 2 : 1;
  for (ptrdiff_t panel = 0; panel < n; panel += widest) {
    const ptrdiff_t width = panel_width(n - panel, widest);
    float *place = out + panel * steps;
    for (ptrdiff_t step = 0; step < steps; step++) {
      for (ptrdiff_t column = 0; column < width; column += CK_LANES) {
        fetch(precision, x + per_step * (step + CK_LANES) * stride + panel + column, stride);
        _mm512_storeu_si512(
            place + column, ck_step_across(precision, x, stride, step, k, panel + column, n));
      }
      place += width;
    }
  }
}

/// The same of the transpose of a matrix of n rows and k columns.
CK_AVX512_INLINE void pack_columns(
    const ck_precision precision, float *out, const float *x, ptrdiff_t stride, ptrdiff_t k,
    ptrdiff_t n, const ptrdiff_t widest) {
  const ptrdiff_t steps = ck_steps(precision, k), per_step = precision == CK_BFLOAT16 ? 2 : 1;
  for (ptrdiff_t column = 0; column < n; column += CK_LANES) {
    const ptrdiff_t panel = column / widest * widest, width = panel_width(n - panel, widest);
    float *place = out + panel * steps + (column - panel);
    for (ptrdiff_t step = 0; step < steps; step += CK_LANES) {
      __m512i block[CK_LANES];
      CK_UNROLL
      for (int i = 0; i < CK_LANES; i++) {
        fetch(precision, x + (column + i + CK_LANES) * stride + per_step * step, CK_LANES);
        block[i] = column + i < n ? ck_steps_along(precision, x + (column + i) * stride, step, k)
                                  : _mm512_setzero_si512();
      }
      ck_transpose(block);
      CK_UNROLL
      for (int i = 0; i < CK_LANES; i++) {
        if (step + i < steps) _mm512_storeu_si512(place + (step + i) * width, block[i]);
      }
    }
  }
}

/// The rows of the first operand as tiles read them: as they are, converted, or packed.
typedef struct {
  const float *elements;
  ptrdiff_t row_stride, step_stride;
  bool in_panels;  // of 16 rows
} rows_layout;

CK_AVX512_INLINE rows_layout lay_out_rows(
    const ck_precision precision, const float *x, ptrdiff_t stride, bool transposed, ptrdiff_t m,
    ptrdiff_t k, float *scratch) {
  const ptrdiff_t steps = ck_steps(precision, k), row = row_steps(steps);
  if (transposed && precision == CK_FLOAT32 && stride <= SHORT) {
    return (rows_layout){x, 1, stride, false};
  }
  if (transposed) {
    pack_rows(precision, scratch, x, stride, k, m, CK_LANES);
    return (rows_layout){scratch, 1, CK_LANES, true};
  }
  if (precision == CK_FLOAT32) return (rows_layout){x, stride, 1, false};
  for (ptrdiff_t i = 0; i < m; i++) {
    for (ptrdiff_t step = 0; step < steps; step += CK_LANES) {
      _mm512_storeu_si512(
          scratch + i * row + step, ck_steps_along(precision, x + i * stride, step, k));
    }
  }
  return (rows_layout){scratch, row, 1, false};
}

CK_INLINE const float *row_at(rows_layout rows, ptrdiff_t row, ptrdiff_t steps) {
  if (!rows.in_panels) return rows.elements + row * rows.row_stride;
  return rows.elements + row / CK_LANES * CK_LANES * steps + row % CK_LANES;
}

#define ROW_CASE(count, vectors) \
  case count: \
    ck_tile_product(precision, count, vectors, out, stride, tile, alpha, beta, bias, mask); \
    return;
#define TILE_OF(vectors) \
  switch (rows) { \
    ROW_CASE(8, vectors) ROW_CASE(7, vectors) ROW_CASE(6, vectors) ROW_CASE(5, vectors) \
    ROW_CASE(4, vectors) ROW_CASE(3, vectors) ROW_CASE(2, vectors) ROW_CASE(1, vectors) \
  }

/// A tile of up to 8 rows and 48 columns.
CK_AVX512_INLINE void tile_product(
    const ck_precision precision, ptrdiff_t rows, ptrdiff_t columns, float *out, ptrdiff_t stride,
    ck_tile tile, float alpha, float beta, const float *bias) {
  const ptrdiff_t vectors = (columns + CK_LANES - 1) / CK_LANES;
  const __mmask16 mask = ck_lanes(columns - CK_LANES * (vectors - 1));
  if (vectors == 3) TILE_OF(3)
  if (vectors == 2) TILE_OF(2)
  TILE_OF(1)
}

/// Where an element of a matrix lies; what follows it lies as the matrix does.
CK_INLINE const float *element(ck_matrix x, ptrdiff_t row, ptrdiff_t column) {
  return x.elements + (x.is_transposed ? column * x.stride + row : row * x.stride + column);
}

/// Tiles of rows that are laid out by columns that are packed.
CK_AVX512_INLINE void block_product(
    const ck_precision precision, float *out, ptrdiff_t stride, rows_layout rows,
    const float *packed, ptrdiff_t m, ptrdiff_t n, ptrdiff_t steps, float alpha, float beta,
    const float *bias) {
  for (ptrdiff_t column = 0; column < n; column += PANEL) {
    for (ptrdiff_t row = 0; row < m; row += CK_TILE_ROWS) {
      const ck_tile tile = {
          row_at(rows, row, steps), rows.row_stride, rows.step_stride,
          packed + column * steps, panel_width(n - column, PANEL), steps};
      tile_product(
          precision, ck_smaller(m - row, CK_TILE_ROWS), ck_smaller(n - column, PANEL),
          out + row * stride + column, stride, tile, alpha, beta, bias ? bias + column : NULL);
    }
  }
}

/// The columns of the second operand from (`first`, `column`) on, for an inner size of `length`.
CK_AVX512_INLINE void pack(
    const ck_precision precision, float *out, ck_matrix b, ptrdiff_t first, ptrdiff_t column,
    ptrdiff_t length, ptrdiff_t width) {
  const float *x = element(b, first, column);
  if (b.is_transposed) {
    pack_columns(precision, out, x, b.stride, length, width, PANEL);
  } else {
    pack_rows(precision, out, x, b.stride, length, width, PANEL);
  }
}

CK_AVX512_INLINE void pack_all(
    const ck_precision precision, float *out, ck_matrix b, ptrdiff_t n, ptrdiff_t k) {
  const ptrdiff_t inner = block_length(precision, k);
  for (ptrdiff_t first = 0; first < k; first += inner) {
    const ptrdiff_t length = ck_smaller(k - first, inner);
    pack(precision, out, b, first, 0, length, n);
    out += ck_steps(precision, length) * ck_rounded_up(n, CK_LANES);
  }
}

CK_AVX512_INLINE void product(
    const ck_precision precision, float *out, ptrdiff_t stride, ck_matrix a, ck_matrix b,
    const float *packed, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, float beta,
    const float *bias, float *scratch) {
  const ptrdiff_t inner = block_length(precision, k);
  const ptrdiff_t widest = block_columns(ck_steps(precision, inner));
  float *rows = scratch + block_count(precision, n, k);
  // Once at least, so that out is written even where k is 0.
  for (ptrdiff_t first = 0; first == 0 || first < k; first += inner) {
    const ptrdiff_t length = ck_smaller(k - first, inner), steps = ck_steps(precision, length);
    for (ptrdiff_t column = 0; column < n; column += widest) {
      const ptrdiff_t width = ck_smaller(n - column, widest);
      const float *columns = scratch;
      if (packed) {
        columns = packed;
        packed += steps * ck_rounded_up(width, CK_LANES);
      } else {
        pack(precision, scratch, b, first, column, length, width);
      }
      for (ptrdiff_t row = 0; row < m; row += ROWS) {
        const ptrdiff_t height = ck_smaller(m - row, ROWS);
        const rows_layout layout = lay_out_rows(
            precision, element(a, row, first), a.stride, a.is_transposed, height, length, rows);
        block_product(
            precision, out + row * stride + column, stride, layout, columns, height, width, steps,
            alpha, first ? 1 : beta, bias && !first ? bias + column : NULL);
      }
    }
  }
}

ptrdiff_t ck_product_packed_count(ck_precision precision, ptrdiff_t n, ptrdiff_t k) {
  return ck_steps(precision, k) * ck_rounded_up(n, CK_LANES);
}

CK_AVX512 void ck_product_pack(
    ck_precision precision, float *out, ck_matrix b, ptrdiff_t n, ptrdiff_t k) {
  if (precision == CK_BFLOAT16) {
    pack_all(CK_BFLOAT16, out, b, n, k);
  } else {
    pack_all(CK_FLOAT32, out, b, n, k);
  }
}

CK_AVX512 void ck_product(
    ck_precision precision, float *out, ptrdiff_t stride, ck_matrix a, ck_matrix b,
    const float *packed, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, float beta,
    const float *bias, float *scratch) {
  if (precision == CK_BFLOAT16) {
    product(CK_BFLOAT16, out, stride, a, b, packed, m, n, k, alpha, beta, bias, scratch);
  } else {
    product(CK_FLOAT32, out, stride, a, b, packed, m, n, k, alpha, beta, bias, scratch);
  }
}

#else

bool ck_product_is_available(ck_precision precision) { return false; }
bool ck_product_can_run(ck_precision precision) { return false; }
ptrdiff_t ck_product_scratch(ck_precision precision, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
  return 0;
}
ptrdiff_t ck_product_packed_count(ck_precision precision, ptrdiff_t n, ptrdiff_t k) { return 0; }
void ck_product_pack(
    ck_precision precision, float *out, ck_matrix b, ptrdiff_t n, ptrdiff_t k) {}
void ck_product(
    ck_precision precision, float *out, ptrdiff_t stride, ck_matrix a, ck_matrix b,
    const float *packed, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, float beta,
    const float *bias, float *scratch) {}

#endif

CK_CLONES void ck_round_bfloat16(float *out, const float *x, ptrdiff_t n) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) {
    const uint32_t bits = ck_bits(x[i]), magnitude = bits & 0x7fffffff;
    // Half a unit of the last place, less one where the number is even, so that ties go there.
    const uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
    const uint32_t kept = magnitude > 0x7f800000 ? bits | 0x400000
        : magnitude < 0x800000                   ? bits & 0x80000000
                                                 : rounded;
    out[i] = ck_from_bits(kept & 0xffff0000);
  }
}
