#include "internal.h"

// Rows that are worked on side by side, one to a lane.
#define LANES CK_RESAMPLE_ROWS

typedef uint8_t ck_byte16 __attribute__((ext_vector_type(16)));
typedef int32_t ck_int16 __attribute__((ext_vector_type(16)));

// A sum in fixed point begins with one half, so that it is rounded when its fraction is cut off.
#define CK_FRACTION 22
#define CK_HALF (1 << (CK_FRACTION - 1))

CK_INLINE uint8_t ck_fixed_to_byte(int32_t sum) {
  sum >>= CK_FRACTION;
  return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

CK_INLINE void ck_store_bytes(uint8_t *out, const ck_int16 *sum) {
  ck_int16 value = *sum >> CK_FRACTION;
  value = value < 0 ? (ck_int16)0 : value;
  value = value > 255 ? (ck_int16)255 : value;
  const ck_byte16 bytes = __builtin_convertvector(value, ck_byte16);
  memcpy(out, &bytes, sizeof bytes);
}

CK_INLINE void ck_add_weighed(ck_int16 *sum, const uint8_t *x, int32_t weight) {
  ck_byte16 bytes;
  memcpy(&bytes, x, sizeof bytes);
  *sum += __builtin_convertvector(bytes, ck_int16) * weight;
}

// b[2 i], b[2 i + 1] = the bytes of a[i] and a[i + 8] in turn. Four times make a transpose.
CK_INLINE void ck_interleave(ck_byte16 *b, const ck_byte16 *a) {
#pragma unroll
  for (int i = 0; i < 8; i++) {
    b[2 * i] = __builtin_shufflevector(
        a[i], a[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    b[2 * i + 1] = __builtin_shufflevector(
        a[i], a[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  }
}

CK_INLINE void ck_transpose(ck_byte16 *tile) {
  ck_byte16 other[16];
  ck_interleave(other, tile);
  ck_interleave(tile, other);
  ck_interleave(other, tile);
  ck_interleave(tile, other);
}

// out[j][r] = rows[r][j], j < count
CK_INLINE void ck_rows_to_lanes(uint8_t *out, const uint8_t *const *rows, ptrdiff_t count) {
  ptrdiff_t j = 0;
  for (; count >= 16 && j < count; j += 16) {
    if (j > count - 16) j = count - 16;  // the last tile overlaps the one before it
    ck_byte16 tile[16];
#pragma unroll
    for (int r = 0; r < 16; r++) memcpy(&tile[r], rows[r] + j, 16);
    ck_transpose(tile);
    memcpy(out + j * LANES, tile, sizeof tile);
  }
  for (; j < count; j++)
    for (int r = 0; r < LANES; r++) out[j * LANES + r] = rows[r][j];
}

// out[r][j] = x[j][r], j < count, for the first `height` rows
CK_INLINE void ck_lanes_to_rows(
    uint8_t *out, ptrdiff_t stride, const uint8_t *x, ptrdiff_t count, ptrdiff_t height) {
  ptrdiff_t j = 0;
  for (; count >= 16 && j < count; j += 16) {
    if (j > count - 16) j = count - 16;
    ck_byte16 tile[16];
    memcpy(tile, x + j * LANES, sizeof tile);
    ck_transpose(tile);
    for (ptrdiff_t r = 0; r < height; r++) memcpy(out + r * stride + j, &tile[r], 16);
  }
  for (; j < count; j++)
    for (ptrdiff_t r = 0; r < height; r++) out[r * stride + j] = x[j * LANES + r];
}

CK_KERNEL(void, ck_resample_rows,
          ( uint8_t *restrict out, const uint8_t *restrict x, ptrdiff_t stride, ptrdiff_t rows,
           ptrdiff_t cols, const ck_resampling *restrict taps, uint8_t *restrict scratch),
          (out, x, stride, rows, cols, taps, scratch)) {
  uint8_t *results = scratch + 3 * cols * LANES;
  for (ptrdiff_t y = 0; y < rows; y += LANES) {
    const ptrdiff_t height = rows - y < LANES ? rows - y : LANES;
    const uint8_t *lanes[LANES];
    for (ptrdiff_t r = 0; r < LANES; r++)
      lanes[r] = x + (y + (r < height ? r : height - 1)) * stride;
    ck_rows_to_lanes(scratch, lanes, 3 * cols);
    for (ptrdiff_t i = 0; i < taps->count; i++) {
      const uint8_t *pixels = scratch + 3 * taps->starts[i] * LANES;
      const int32_t *weights = taps->weights + i * taps->stride;
      ck_int16 red = CK_HALF, green = CK_HALF, blue = CK_HALF;
      for (ptrdiff_t k = 0; k < taps->counts[i]; k++, pixels += 3 * LANES) {
        ck_add_weighed(&red, pixels, weights[k]);
        ck_add_weighed(&green, pixels + LANES, weights[k]);
        ck_add_weighed(&blue, pixels + 2 * LANES, weights[k]);
      }
      ck_store_bytes(results + 3 * i * LANES, &red);
      ck_store_bytes(results + (3 * i + 1) * LANES, &green);
      ck_store_bytes(results + (3 * i + 2) * LANES, &blue);
    }
    ck_lanes_to_rows(out + 3 * y * taps->count, 3 * taps->count, results, 3 * taps->count, height);
  }
}

CK_KERNEL(void, ck_resample_columns,
          ( uint8_t *restrict out, const uint8_t *restrict x, ptrdiff_t stride, ptrdiff_t cols,
           const ck_resampling *restrict taps),
          (out, x, stride, cols, taps)) {
  const ptrdiff_t n = 3 * cols;
  for (ptrdiff_t i = 0; i < taps->count; i++, out += n) {
    const uint8_t *top = x + taps->starts[i] * stride;
    const int32_t *weights = taps->weights + i * taps->stride;
    ptrdiff_t j = 0;
    for (; n >= 16 && j < n; j += 16) {
      if (j > n - 16) j = n - 16;
      ck_int16 sum = CK_HALF;
      for (ptrdiff_t k = 0; k < taps->counts[i]; k++)
        ck_add_weighed(&sum, top + k * stride + j, weights[k]);
      ck_store_bytes(out + j, &sum);
    }
    for (; j < n; j++) {
      int32_t sum = CK_HALF;
      for (ptrdiff_t k = 0; k < taps->counts[i]; k++) sum += top[k * stride + j] * weights[k];
      out[j] = ck_fixed_to_byte(sum);
    }
  }
}
