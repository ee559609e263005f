#include "products.h"

/// Fastest first.
static const ck_products *const all[] = {
#if defined(CK_X86_64)
    &ck_products_amx, &ck_products_avx512_bf16, &ck_products_avx512, &ck_products_avx2,
#elif defined(__aarch64__)
    &ck_products_neon_bf16, &ck_products_neon,
#endif
};

const ck_products *ck_products_at(ptrdiff_t index) {
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (all[i]->can_run() && index-- == 0) return all[i];
  }
  return NULL;
}

const ck_products *ck_products_fastest(ck_precision precision) {
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (all[i]->precision == precision && all[i]->can_run()) return all[i];
  }
  return NULL;
}

bool ck_products_are_optimized(void) {
#if defined(__OPTIMIZE__)
  return true;
#else
  return false;
#endif
}

const char *ck_products_name(const ck_products *kernels) { return kernels->name; }

ck_precision ck_products_precision(const ck_products *kernels) { return kernels->precision; }

ptrdiff_t ck_product_scratch(const ck_products *kernels, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k) {
  return kernels->scratch_count(m, n, k);
}

ptrdiff_t ck_product_packed_count(const ck_products *kernels, ptrdiff_t n, ptrdiff_t k) {
  return kernels->packed_count(n, k);
}

void ck_product_pack(
    const ck_products *kernels, float *out, ck_matrix b, ptrdiff_t n, ptrdiff_t k) {
  kernels->pack(out, b, n, k);
}

void ck_product(
    const ck_products *kernels, float *out, ptrdiff_t stride, ck_matrix a, ck_matrix b,
    const float *packed, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, float alpha, float beta,
    const float *bias, float *scratch) {
  kernels->multiply(out, stride, a, b, packed, m, n, k, alpha, beta, bias, scratch);
}

double ck_products_spin(const ck_products *kernels, ptrdiff_t rounds) {
  volatile float kept = kernels->spin(rounds);  // or the loop would be left out
  (void)kept;
  return (double)kernels->operations_per_round * (double)rounds;
}

CK_KERNEL(void, ck_round_bfloat16, (float *out, const float *x, ptrdiff_t n), (out, x, n)) {
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
