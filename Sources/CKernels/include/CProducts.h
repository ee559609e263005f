#pragma once

#include <stdbool.h>
#include <stddef.h>

// Matrix products (product.c), for processors with AMX, AVX-512, AVX2 or NEON.

/// How the operands of a product are read; sums are of floats.
typedef enum {
  CK_FLOAT32,
  /// Rounded to bfloat16, denormals to 0; products are exact.
  CK_BFLOAT16
} ck_precision;

/// A row-major matrix whose rows are `stride` elements apart, or its transpose.
typedef struct {
  const float *elements;
  ptrdiff_t stride;
  bool is_transposed;
} ck_matrix;

/// Products of one precision by the instructions of one level.
typedef struct ck_products ck_products;

/// The index-th of those that this processor can run at `ck_level`, fastest first; NULL if there
/// are no more.
const ck_products *ck_products_at(ptrdiff_t index);
/// The first of those of a precision. The process asks for AMX's registers only for those of
/// bfloat16: from then on an alternate stack for signals must have room for them.
const ck_products *ck_products_fastest(ck_precision precision);
/// Whether they were compiled with optimisation; without, a library is faster.
bool ck_products_are_optimized(void);
/// Their instructions: "AMX BF16", "AVX-512 BF16", "AVX-512", "AVX2", "NEON BF16", "NEON".
const char *ck_products_name(const ck_products *kernels);
ck_precision ck_products_precision(const ck_products *kernels);

/// Floats that `ck_product` needs to work in, best at the start of a cache line.
ptrdiff_t ck_product_scratch(const ck_products *kernels, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k);
/// out = alpha a b + beta out + bias, where bias (or NULL) is added to every row: [m, k] · [k, n].
/// Rows of out are `stride` apart. With beta = 0 out is not read.
///
/// packed: NULL, or what `ck_product_pack` made of b, which is then not read. The sum of an element
/// is taken in the same order whatever m and n are, packed or not.
void ck_product(const ck_products *kernels, float *out, ptrdiff_t stride, ck_matrix a, ck_matrix b,
                const float *packed, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha,
                float beta, const float *bias, float *scratch);
/// Lays b [k, n] out as `ck_product` reads it, for products with it to begin at once.
///
/// out: `ck_product_packed_count` floats.
void ck_product_pack(const ck_products *kernels, float *out, ck_matrix b, ptrdiff_t n,
                     ptrdiff_t k);
ptrdiff_t ck_product_packed_count(const ck_products *kernels, ptrdiff_t n, ptrdiff_t k);
/// Multiplies and adds in registers alone, as fast as the processor can, and returns how many
/// operations that were: to measure products against.
double ck_products_spin(const ck_products *kernels, ptrdiff_t rounds);
/// out = x rounded to the nearest bfloat16, ties to even; denormals become 0. In place.
void ck_round_bfloat16(float *out, const float *x, ptrdiff_t n);
