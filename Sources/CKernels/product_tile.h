// A tile of a matrix product: its sums stay in registers along the inner size. Part of
// `product_blocks.h`, which says what must be defined.
#ifndef FETCHES_OUTPUT
#define FETCHES_OUTPUT 0
#endif

/// out[row][column] = alpha Σ_step first second + beta out[row][column] + bias[column] for `rows`
/// and for `vectors` of columns, of which the last counts where `last` says so.
BODY void tile_of(
    const ck_precision precision, const int rows, const int vectors, float *out, ptrdiff_t stride,
    ck_tile tile, float alpha, float beta, const float *bias, lanes last) {
  vector sums[TILE_ROWS][TILE_VECTORS];
  CK_UNROLL
  for (int i = 0; i < rows; i++) {
    if (FETCHES_OUTPUT) __builtin_prefetch(out + i * stride, 1);
    CK_UNROLL
    for (int j = 0; j < vectors; j++) sums[i][j] = zero();
  }
#if MATRIX_STEPS > 1
  if (precision == CK_BFLOAT16) tile = matrix_sums(rows, vectors, sums, tile);
#endif
#if OWN_TILES
  tile_sums(rows, vectors, sums, tile);
  end_tile(rows, vectors, sums, out, stride, alpha, beta, bias, last);
#else
  for (ptrdiff_t step = 0; step < tile.steps; step++) {
    vector second[TILE_VECTORS];
    CK_UNROLL
    for (int j = 0; j < vectors; j++) second[j] = load(tile.second + LANES * j);
    CK_UNROLL
    for (int i = 0; i < rows; i++) {
      const vector first = broadcast(tile.first[i * tile.row_stride]);
      CK_UNROLL
      for (int j = 0; j < vectors; j++) {
        sums[i][j] = product_sum(precision, sums[i][j], first, second[j]);
      }
    }
    tile.first += tile.step_stride;
    tile.second += tile.second_stride;
  }
  const vector scale = broadcast(alpha), kept = broadcast(beta);
  CK_UNROLL
  for (int i = 0; i < rows; i++) {
    CK_UNROLL
    for (int j = 0; j < vectors; j++) {
      end_vector(
          out + i * stride + LANES * j, sums[i][j], scale, kept, beta,
          bias ? bias + LANES * j : NULL, j < vectors - 1, last);
    }
  }
#endif
}

#define ROW_CASE(count, vectors) \
  case count: \
    tile_of(precision, count, vectors, out, stride, tile, alpha, beta, bias, last); \
    return;
#if TILE_ROWS_ARE_8
#define TALL_CASES(vectors) ROW_CASE(8, vectors) ROW_CASE(7, vectors)
#else
#define TALL_CASES(vectors)
#endif
#define TILE_OF(vectors) \
  switch (rows) { \
    TALL_CASES(vectors) ROW_CASE(6, vectors) ROW_CASE(5, vectors) \
    ROW_CASE(4, vectors) ROW_CASE(3, vectors) ROW_CASE(2, vectors) ROW_CASE(1, vectors) \
  }

/// A tile of up to TILE_ROWS rows and PANEL columns.
BODY void tile_product(
    const ck_precision precision, ptrdiff_t rows, ptrdiff_t columns, float *out, ptrdiff_t stride,
    ck_tile tile, float alpha, float beta, const float *bias) {
  const ptrdiff_t vectors = (columns + LANES - 1) / LANES;
  const lanes last = first_lanes(columns - LANES * (vectors - 1));
  if (TILE_VECTORS == 3 && vectors == 3) TILE_OF(3)
  if (vectors == 2) TILE_OF(2)
  TILE_OF(1)
}

/// As many sums of products as a tile has, `rounds` times in registers: what no product exceeds.
BODY float spin(const ck_precision precision, ptrdiff_t rounds) {
  vector sums[TILE_ROWS * TILE_VECTORS], total = zero();
  for (int i = 0; i < TILE_ROWS * TILE_VECTORS; i++) sums[i] = broadcast((float)i);
  const vector first = broadcast(0.5f), second = broadcast(0.25f);
  for (ptrdiff_t round = 0; round < rounds; round++) {
    CK_UNROLL
    for (int i = 0; i < TILE_ROWS * TILE_VECTORS; i++) {
      sums[i] = precision == CK_BFLOAT16 ? matrix_sum(sums[i], first, second)
                                         : product_sum(precision, sums[i], first, second);
    }
  }
  for (int i = 0; i < TILE_ROWS * TILE_VECTORS; i++) total += sums[i];
  return total[0];
}

BODY const float *row_at(ck_rows rows, ptrdiff_t row, ptrdiff_t steps) {
  if (!rows.in_panels) return rows.elements + row * rows.row_stride;
  return rows.elements + row / ROW_PANEL * ROW_PANEL * steps + row % ROW_PANEL;
}

/// Tiles of rows that are laid out by columns that are packed.
BODY void block_product(
    const ck_precision precision, float *out, ptrdiff_t stride, ck_rows rows, const float *packed,
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t steps, float alpha, float beta, const float *bias) {
  for (ptrdiff_t column = 0; column < n; column += PANEL) {
    for (ptrdiff_t row = 0; row < m; row += TILE_ROWS) {
      const ck_tile tile = {
          row_at(rows, row, steps), rows.row_stride, rows.step_stride,
          packed + column * steps, panel_width(n - column, PANEL, LANES), steps};
      tile_product(
          precision, ck_smaller(m - row, TILE_ROWS), ck_smaller(n - column, PANEL),
          out + row * stride + column, stride, tile, alpha, beta, bias ? bias + column : NULL);
    }
  }
}
