// A tile of a matrix product whose sums stay in the registers of AMX: `product_blocks.h` has it in
// place of `product_tile.h`.

/// Registers as large as they can be: 16 rows of 64 bytes.
BODY void use_registers(void) {
  struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes_in_row[16];
    uint8_t rows[16];
  } shape = {.palette = 1};
  for (int i = 0; i < 8; i++) shape.bytes_in_row[i] = 64, shape.rows[i] = 16;
  _tile_loadconfig(&shape);
}

/// sums[32][32] = Σ_step first[row][step] second[step][column]; of 16 rows if it is not `tall`, of
/// 16 columns if it is not `wide`.
BODY void square_sums(const bool tall, const bool wide, float *sums, ck_tile tile) {
  const ptrdiff_t next_row = 4 * tile.row_stride, next_step = 4 * tile.second_stride;
  _tile_zero(0);
  if (wide) _tile_zero(1);
  if (tall) _tile_zero(2);
  if (tall && wide) _tile_zero(3);
  for (ptrdiff_t step = 0; step < tile.steps; step += MATRIX_STEPS) {
    _tile_loadd(4, tile.first + step, next_row);
    _tile_loadd(6, tile.second, next_step);
    _tile_dpbf16ps(0, 4, 6);
    if (wide) {
      _tile_loadd(7, tile.second + LANES, next_step);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (tall) {
      _tile_loadd(5, tile.first + 16 * tile.row_stride + step, next_row);
      _tile_dpbf16ps(2, 5, 6);
    }
    if (tall && wide) _tile_dpbf16ps(3, 5, 7);
    tile.second += MATRIX_STEPS * tile.second_stride;
  }
  _tile_stored(0, sums, 4 * PANEL);
  if (wide) _tile_stored(1, sums + LANES, 4 * PANEL);
  if (tall) _tile_stored(2, sums + 16 * PANEL, 4 * PANEL);
  if (tall && wide) _tile_stored(3, sums + 16 * PANEL + LANES, 4 * PANEL);
}

/// out[row][column] = alpha sums + beta out[row][column] + bias[column].
BODY void end_square(
    const int vectors, ptrdiff_t rows, float *out, ptrdiff_t stride, const float *sums, float alpha,
    float beta, const float *bias, lanes last) {
  const vector scale = broadcast(alpha), kept = broadcast(beta);
  for (ptrdiff_t i = 0; i < rows; i++) {
    CK_UNROLL
    for (int j = 0; j < vectors; j++) {
      end_vector(
          out + i * stride + LANES * j, load(sums + i * PANEL + LANES * j), scale, kept, beta,
          bias ? bias + LANES * j : NULL, j < vectors - 1, last);
    }
  }
}

/// Tiles of rows that are laid out by columns that are packed.
BODY void block_product(
    const ck_precision precision, float *out, ptrdiff_t stride, ck_rows rows, const float *packed,
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t steps, float alpha, float beta, const float *bias) {
  _Alignas(64) float sums[TILE_ROWS * PANEL];
  use_registers();
  for (ptrdiff_t column = 0; column < n; column += PANEL) {
    const ptrdiff_t columns = ck_smaller(n - column, PANEL);
    const bool wide = columns > LANES;
    const lanes last = first_lanes(wide ? columns - LANES : columns);
    for (ptrdiff_t row = 0; row < m; row += TILE_ROWS) {
      const ptrdiff_t height = ck_smaller(m - row, TILE_ROWS);
      const bool tall = height > 16;
      const ck_tile tile = {
          rows.elements + row * rows.row_stride, rows.row_stride, 1,
          packed + column * steps, wide ? PANEL : LANES, steps};
      float *place = out + row * stride + column;
      const float *added = bias ? bias + column : NULL;
      if (wide) {
        if (tall) square_sums(true, true, sums, tile); else square_sums(false, true, sums, tile);
        end_square(2, height, place, stride, sums, alpha, beta, added, last);
      } else {
        if (tall) square_sums(true, false, sums, tile); else square_sums(false, false, sums, tile);
        end_square(1, height, place, stride, sums, alpha, beta, added, last);
      }
    }
  }
  _tile_release();
}

BODY float spin(const ck_precision precision, ptrdiff_t rounds) {
  _Alignas(64) float sums[16 * LANES] = {0};
  use_registers();
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_loadd(4, sums, 4 * LANES);
  _tile_loadd(5, sums, 4 * LANES);
  for (ptrdiff_t round = 0; round < rounds; round++) {
    _tile_dpbf16ps(0, 4, 5);
    _tile_dpbf16ps(1, 4, 5);
    _tile_dpbf16ps(2, 4, 5);
    _tile_dpbf16ps(3, 4, 5);
  }
  _tile_stored(0, sums, 4 * LANES);
  _tile_release();
  return sums[0];
}
