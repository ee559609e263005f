// Matrix products in blocks and tiles: the part of every level that does not depend on its
// vectors. Included once by each product_….c, which defines before it
//
//     TARGET                     the attribute of its functions
//     LANES, TILE_ROWS, TILE_VECTORS, ROW_PANEL, INNER, BLOCK, ROWS, SHORT   (sizes, below)
//     lanes, first_lanes(n)      the first n lanes of a vector; all if there are more
//     vector, zero, load, load_some, store, store_some, broadcast
//     fused(a, b, c) = a b + c, product_sum(precision, sum, first, second)
//     steps_along, step_across   steps of a matrix, along or across its rows
//     transpose                  LANES vectors
//
// where the compiler makes too little of the plain loops of a tile, OWN_TILES and
//
//     tile_sums(rows, vectors, sums, tile)         the loop along the inner size
//     end_tile(rows, vectors, sums, out, stride, alpha, beta, bias, last)
//                                                  what is done with its sums
//
// where stores wait for what they overwrite, FETCHES_OUTPUT,
//
// where an instruction multiplies small matrices of bfloat16, MATRIX_STEPS in a row of them,
//
//     matrix_sum(sum, first, second)               that instruction
//     matrix_sums(rows, vectors, sums, tile)       what is left of the tile when it was used
//
// and, where matrices are large enough to have registers of their own, STEPS_ARE_ALONG (rows of the
// first operand are laid out along their steps, transposed or not, and steps are filled up with
// zeros to MATRIX_STEPS) and TILES, a file that has in place of `product_tile.h`
//
//     block_product(precision, out, stride, rows, packed, m, n, steps, alpha, beta, bias)
//     spin(precision, rounds)
//
// Blocks of both operands share a core's second cache: up to INNER steps of the second operand's
// columns, up to BLOCK of their vectors' lanes, and of ROWS rows of the first. A panel (the columns
// of a tile) stays in the first cache while the rows go by. A row is SHORT if the next tile finds
// the other half of its lines still in the cache.
#define BODY CK_INLINE TARGET

#ifndef TILES
#define TILES "product_tile.h"
#endif
#ifndef MATRIX_STEPS
#define MATRIX_STEPS 1
#define matrix_sum(sum, first, second) product_sum(CK_BFLOAT16, sum, first, second)
#endif
#ifndef STEPS_ARE_ALONG
#define STEPS_ARE_ALONG 0
#endif

enum { PANEL = TILE_VECTORS * LANES, STEP_UNIT = STEPS_ARE_ALONG ? MATRIX_STEPS : 1 };

/// Steps for an inner size of k as they are laid out, with zeros in those that fill a unit.
BODY ptrdiff_t laid_out_steps(const ck_precision precision, ptrdiff_t k) {
  return ck_rounded_up(ck_steps(precision, k), STEP_UNIT);
}

/// Steps in a row of the first operand where it is converted row by row.
BODY ptrdiff_t row_steps(ptrdiff_t steps) { return ck_rounded_up(steps, LANES); }

/// How much of an inner size of k a block takes: as much as all others, but for the last.
BODY ptrdiff_t block_length(const ck_precision precision, ptrdiff_t k) {
  const ptrdiff_t longest = precision == CK_BFLOAT16 ? 2 * INNER : INNER;
  if (k <= 0) return 2;
  const ptrdiff_t blocks = (k + longest - 1) / longest;
  return ck_rounded_up((k + blocks - 1) / blocks, 2 * STEP_UNIT);
}

/// Columns in a block of the second operand: whole panels.
BODY ptrdiff_t block_columns(ptrdiff_t steps) {
  return BLOCK / (steps > 0 ? steps : 1) / PANEL * PANEL;
}

/// Floats of the largest block of the second operand, of which that of the first lies behind.
BODY ptrdiff_t block_count(const ck_precision precision, ptrdiff_t n, ptrdiff_t k) {
  const ptrdiff_t steps = laid_out_steps(precision, block_length(precision, k));
  return steps * ck_rounded_up(ck_smaller(n, block_columns(steps)), LANES);
}

BODY ptrdiff_t scratch_count(const ck_precision precision, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
  const ptrdiff_t steps = laid_out_steps(precision, block_length(precision, k));
  return block_count(precision, n, k) +
      row_steps(steps) * ck_rounded_up(ck_smaller(m, ROWS), ROW_PANEL);
}

BODY ptrdiff_t packed_count(const ck_precision precision, ptrdiff_t n, ptrdiff_t k) {
  return laid_out_steps(precision, k) * ck_rounded_up(n, LANES);
}

/// Columns that a panel takes: the widest, or of the last what is left, a multiple of `unit`.
BODY ptrdiff_t panel_width(ptrdiff_t columns, ptrdiff_t widest, ptrdiff_t unit) {
  return ck_smaller(ck_rounded_up(columns, unit), widest);
}

/// Asks for the line at p, and for bfloat16 the one `distance` floats after it, which go to the
/// same step: what a matrix has after what is being packed, as it often comes from far away.
BODY void fetch(const ck_precision precision, const float *p, ptrdiff_t distance) {
  __builtin_prefetch(p);
  if (precision == CK_BFLOAT16) __builtin_prefetch(p + distance);
}

/// Panels of a matrix of k rows and n columns, each [steps][width]; 0 where a panel is wider.
BODY void pack_rows(
    const ck_precision precision, float *out, const float *x, ptrdiff_t stride, ptrdiff_t k,
    ptrdiff_t n, const ptrdiff_t widest, const ptrdiff_t unit) {
  const ptrdiff_t steps = laid_out_steps(precision, k), filled = ck_steps(precision, k);
  const ptrdiff_t per_step = precision == CK_BFLOAT16 ? 2 : 1;
  for (ptrdiff_t panel = 0; panel < n; panel += widest) {
    const ptrdiff_t width = panel_width(n - panel, widest, unit);
    float *place = out + panel * steps;
    for (ptrdiff_t step = 0; step < steps; step++) {
      for (ptrdiff_t column = 0; column < width; column += LANES) {
        fetch(precision, x + per_step * (step + 16) * stride + panel + column, stride);
        store(
            place + column,
            step < filled ? step_across(precision, x, stride, step, k, panel + column, n) : zero());
      }
      place += width;
    }
  }
}

/// The same of the transpose of a matrix of n rows and k columns, for the second operand.
BODY void pack_columns(
    const ck_precision precision, float *out, const float *x, ptrdiff_t stride, ptrdiff_t k,
    ptrdiff_t n) {
  const ptrdiff_t steps = laid_out_steps(precision, k);
  const ptrdiff_t per_step = precision == CK_BFLOAT16 ? 2 : 1;
  for (ptrdiff_t column = 0; column < n; column += LANES) {
    const ptrdiff_t panel = column / PANEL * PANEL, width = panel_width(n - panel, PANEL, LANES);
    float *place = out + panel * steps + (column - panel);
    for (ptrdiff_t step = 0; step < steps; step += LANES) {
      vector block[LANES];
      CK_UNROLL
      for (int i = 0; i < LANES; i++) {
        fetch(precision, x + (column + i + LANES) * stride + per_step * step, LANES);
        block[i] = column + i < n ? steps_along(precision, x + (column + i) * stride, step, k)
                                  : zero();
      }
      transpose(block);
      CK_UNROLL
      for (int i = 0; i < LANES; i++) {
        if (step + i < steps) store(place + (step + i) * width, block[i]);
      }
    }
  }
}

/// The rows of a transposed matrix, of k rows and m columns, as those of one that is not.
BODY void turn_rows(
    const ck_precision precision, float *out, const float *x, ptrdiff_t stride, ptrdiff_t k,
    ptrdiff_t m) {
  const ptrdiff_t steps = ck_steps(precision, k), row = row_steps(steps);
  const ptrdiff_t per_step = precision == CK_BFLOAT16 ? 2 : 1;
  for (ptrdiff_t column = 0; column < m; column += LANES) {
    for (ptrdiff_t step = 0; step < steps; step += LANES) {
      vector block[LANES];
      CK_UNROLL
      for (int i = 0; i < LANES; i++) {
        fetch(precision, x + per_step * (step + i + LANES) * stride + column, stride);
        block[i] = step + i < steps
            ? step_across(precision, x, stride, step + i, k, column, m) : zero();
      }
      transpose(block);
      CK_UNROLL
      for (int i = 0; i < LANES; i++) store(out + (column + i) * row + step, block[i]);
    }
  }
}

BODY ck_rows lay_out_rows(
    const ck_precision precision, const float *x, ptrdiff_t stride, bool transposed, ptrdiff_t m,
    ptrdiff_t k, float *scratch) {
  const ptrdiff_t steps = ck_steps(precision, k), row = row_steps(steps);
  if (transposed && STEPS_ARE_ALONG) {
    turn_rows(precision, scratch, x, stride, k, m);
    return (ck_rows){scratch, row, 1, false};
  }
  if (transposed && precision == CK_FLOAT32 && stride <= SHORT) {
    return (ck_rows){x, 1, stride, false};
  }
  if (transposed) {
    pack_rows(precision, scratch, x, stride, k, m, ROW_PANEL, ROW_PANEL);
    return (ck_rows){scratch, 1, ROW_PANEL, true};
  }
  if (precision == CK_FLOAT32) return (ck_rows){x, stride, 1, false};
  for (ptrdiff_t i = 0; i < m; i++) {
    for (ptrdiff_t step = 0; step < steps; step += LANES) {
      store(scratch + i * row + step, steps_along(precision, x + i * stride, step, k));
    }
  }
  return (ck_rows){scratch, row, 1, false};
}

/// out = scale sum + kept out + bias of a vector of columns, all of them or `some`.
BODY void end_vector(
    float *out, vector sum, vector scale, vector kept, float beta, const float *bias,
    const bool is_whole, lanes some) {
  vector y = scale * sum;
  if (bias) y += is_whole ? load(bias) : load_some(bias, some);
  if (beta != 0) y = fused(kept, is_whole ? load(out) : load_some(out, some), y);
  if (is_whole) {
    store(out, y);
  } else {
    store_some(out, y, some);
  }
}

#include TILES

/// The columns of the second operand from (`first`, `column`) on, for an inner size of `length`.
BODY void pack(
    const ck_precision precision, float *out, ck_matrix b, ptrdiff_t first, ptrdiff_t column,
    ptrdiff_t length, ptrdiff_t width) {
  const float *x = ck_element(b, first, column);
  if (b.is_transposed) {
    pack_columns(precision, out, x, b.stride, length, width);
  } else {
    pack_rows(precision, out, x, b.stride, length, width, PANEL, LANES);
  }
}

BODY void pack_all(
    const ck_precision precision, float *out, ck_matrix b, ptrdiff_t n, ptrdiff_t k) {
  const ptrdiff_t inner = block_length(precision, k);
  for (ptrdiff_t first = 0; first < k; first += inner) {
    const ptrdiff_t length = ck_smaller(k - first, inner);
    pack(precision, out, b, first, 0, length, n);
    out += laid_out_steps(precision, length) * ck_rounded_up(n, LANES);
  }
}

BODY void product(
    const ck_precision precision, float *out, ptrdiff_t stride, ck_matrix a, ck_matrix b,
    const float *packed, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, float beta,
    const float *bias, float *scratch) {
  const ptrdiff_t inner = block_length(precision, k);
  const ptrdiff_t widest = block_columns(laid_out_steps(precision, inner));
  float *rows = scratch + block_count(precision, n, k);
  // Once at least, so that out is written even where k is 0.
  for (ptrdiff_t first = 0; first == 0 || first < k; first += inner) {
    const ptrdiff_t length = ck_smaller(k - first, inner);
    const ptrdiff_t steps = laid_out_steps(precision, length);
    for (ptrdiff_t column = 0; column < n; column += widest) {
      const ptrdiff_t width = ck_smaller(n - column, widest);
      const float *columns = scratch;
      if (packed) {
        columns = packed;
        packed += steps * ck_rounded_up(width, LANES);
      } else {
        pack(precision, scratch, b, first, column, length, width);
      }
      for (ptrdiff_t row = 0; row < m; row += ROWS) {
        const ptrdiff_t height = ck_smaller(m - row, ROWS);
        const ck_rows layout = lay_out_rows(
            precision, ck_element(a, row, first), a.stride, a.is_transposed, height, length, rows);
        block_product(
            precision, out + row * stride + column, stride, layout, columns, height, width, steps,
            alpha, first ? 1 : beta, bias && !first ? bias + column : NULL);
      }
    }
  }
}

/// The products of a precision as a constant, which the processor can run if `test` says so.
#define CK_PRODUCTS(value, title, precision_, test) \
  static bool value##_can_run(void) { return test; } \
  static TARGET ptrdiff_t value##_scratch(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) { \
    return scratch_count(precision_, m, n, k); \
  } \
  static TARGET ptrdiff_t value##_packed_count(ptrdiff_t n, ptrdiff_t k) { \
    return packed_count(precision_, n, k); \
  } \
  static TARGET void value##_pack(float *out, ck_matrix b, ptrdiff_t n, ptrdiff_t k) { \
    pack_all(precision_, out, b, n, k); \
  } \
  static TARGET void value##_multiply( \
      float *out, ptrdiff_t stride, ck_matrix a, ck_matrix b, const float *packed, ptrdiff_t m, \
      ptrdiff_t n, ptrdiff_t k, float alpha, float beta, const float *bias, float *scratch) { \
    product(precision_, out, stride, a, b, packed, m, n, k, alpha, beta, bias, scratch); \
  } \
  static TARGET float value##_spin(ptrdiff_t rounds) { return spin(precision_, rounds); } \
  const ck_products value = { \
      title, precision_, value##_can_run, value##_scratch, value##_packed_count, value##_pack, \
      value##_multiply, value##_spin, \
      2 * TILE_ROWS * PANEL * (precision_ == CK_BFLOAT16 ? 2 * MATRIX_STEPS : 1)};
