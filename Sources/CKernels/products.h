#pragma once

#include "CProducts.h"
#include "internal.h"

// What matrix products of all levels share. A level is a file of its own, product_….c: its vectors
// and what is done with them; `product_blocks.h`, which it includes, is the rest.

struct ck_products {
  const char *name;
  ck_precision precision;
  bool (*can_run)(void);
  ptrdiff_t (*scratch_count)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k);
  ptrdiff_t (*packed_count)(ptrdiff_t n, ptrdiff_t k);
  void (*pack)(float *out, ck_matrix b, ptrdiff_t n, ptrdiff_t k);
  void (*multiply)(
      float *out, ptrdiff_t stride, ck_matrix a, ck_matrix b, const float *packed, ptrdiff_t m,
      ptrdiff_t n, ptrdiff_t k, float alpha, float beta, const float *bias, float *scratch);
  float (*spin)(ptrdiff_t rounds);
  ptrdiff_t operations_per_round;
};

#if defined(CK_X86_64)
extern const ck_products ck_products_amx, ck_products_avx512_bf16, ck_products_avx512,
    ck_products_avx2;
#elif defined(__aarch64__)
extern const ck_products ck_products_neon_bf16, ck_products_neon;
#endif

#define CK_UNROLL _Pragma("unroll")

CK_INLINE ptrdiff_t ck_smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
CK_INLINE ptrdiff_t ck_rounded_up(ptrdiff_t n, ptrdiff_t unit) {
  return (n + unit - 1) / unit * unit;
}

// Packed operands consist of 32-bit steps along the inner size: a float, or two bfloat16 of which
// the even one is in the lower half. So tiles and layouts are the same for both.

/// Steps for an inner size of k.
CK_INLINE ptrdiff_t ck_steps(ck_precision precision, ptrdiff_t k) {
  return precision == CK_BFLOAT16 ? (k + 1) / 2 : k;
}

/// Where an element of a matrix lies; what follows it lies as the matrix does.
CK_INLINE const float *ck_element(ck_matrix x, ptrdiff_t row, ptrdiff_t column) {
  return x.elements + (x.is_transposed ? column * x.stride + row : row * x.stride + column);
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

/// The rows of the first operand as tiles read them: as they are, converted, or packed.
typedef struct {
  const float *elements;
  ptrdiff_t row_stride, step_stride;
  bool in_panels;
} ck_rows;
