// What share of the rate of multiply-adds in registers the matrix products of convit_tiny reach, on
// one thread: `make bench-products`. Each product is timed between two spins, as others on the
// machine take a varying part of it; shown are medians of the ratios.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "CProducts.h"

enum { ROUNDS = 31, SPINS = 20000, IMAGES = 8, TOKENS = 196, LARGE_PAGE = 1 << 21 };

/// m × n products of inner size k: what a layer multiplies for one image (or 8, for derivatives of
/// weights). Strides are those of the matrices that the operands are parts of.
typedef struct {
  const char *name;
  ptrdiff_t m, n, k;
  bool a_is_transposed, b_is_transposed, is_packed;
  ptrdiff_t a_stride, b_stride;
} product;

static const product products[] = {
    {"queries, keys, values", 196, 576, 192, 0, 1, 1, 192, 192},
    {"projection", 196, 192, 192, 0, 1, 1, 192, 192},
    {"first of the MLP", 196, 768, 192, 0, 1, 1, 192, 192},
    {"second of the MLP", 196, 192, 768, 0, 1, 1, 768, 768},
    {"its input's derivative", 196, 768, 192, 0, 0, 1, 192, 768},
    {"derivative of the first's weights", 768, 192, TOKENS * IMAGES, 1, 0, 0, 768, 192},
    {"derivative of the second's", 192, 768, TOKENS * IMAGES, 1, 0, 0, 192, 768},
    {"derivative of the projection's", 192, 192, TOKENS * IMAGES, 1, 0, 0, 192, 192},
    {"scores", 196, 196, 48, 0, 1, 0, 576, 576},
    {"weights times values", 196, 48, 196, 0, 0, 0, 196, 576},
    {"derivative of values", 196, 48, 196, 1, 0, 0, 196, 192},
};

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/// In large pages where it is large, as tensors are.
static float *numbers(ptrdiff_t count) {
  const size_t bytes = (size_t)count * sizeof(float);
  const size_t unit = bytes < LARGE_PAGE ? 64 : LARGE_PAGE;
  float *x = aligned_alloc(unit, (bytes / unit + 1) * unit);
  if (unit == LARGE_PAGE) madvise(x, bytes, MADV_HUGEPAGE);
  for (ptrdiff_t i = 0; i < count; i++) x[i] = (float)(i * 7 % 13) - 6;
  return x;
}

static int order(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/// The median share of the rate of spins before and after.
static double share(const ck_products *kernels, product p) {
  float *a = numbers(p.a_stride * (p.a_is_transposed ? p.k : p.m));
  float *b = numbers(p.b_stride * (p.b_is_transposed ? p.n : p.k));
  float *out = numbers(p.m * p.n), *packed = NULL;
  float *scratch = numbers(ck_product_scratch(kernels, p.m, p.n, p.k));
  const ck_matrix first = {a, p.a_stride, p.a_is_transposed};
  const ck_matrix second = {b, p.b_stride, p.b_is_transposed};
  if (p.is_packed) {
    packed = numbers(ck_product_packed_count(kernels, p.n, p.k));
    ck_product_pack(kernels, packed, second, p.n, p.k);
  }
  const double operations = 2.0 * (double)(p.m * p.n * p.k);
  const int times = (int)(6e7 / operations) + 1;
  double shares[ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    const double begin = seconds();
    double spun = ck_products_spin(kernels, SPINS);
    const double from = seconds();
    for (int i = 0; i < times; i++) {
      ck_product(kernels, out, p.n, first, second, packed, p.m, p.n, p.k, 1, 0, NULL, scratch);
    }
    const double to = seconds();
    spun += ck_products_spin(kernels, SPINS);
    const double rate = spun / (from - begin + seconds() - to);
    shares[round] = operations * times / (to - from) / rate;
  }
  qsort(shares, ROUNDS, sizeof(double), order);
  free(a), free(b), free(out), free(scratch), free(packed);
  return shares[ROUNDS / 2];
}

int main(void) {
  const ck_products *kernels;
  for (ptrdiff_t index = 0; (kernels = ck_products_at(index)); index++) {
    if (ck_products_precision(kernels) != CK_FLOAT32) continue;
    printf("%s, one thread: %% of the multiply-adds in registers\n", ck_products_name(kernels));
    double operations = 0, time = 0;
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
      const product p = products[i];
      const double reached = share(kernels, p);
      const double size = (double)(p.m * p.n * p.k / (p.k == TOKENS * IMAGES ? IMAGES : 1));
      printf("%-34s %4td x %3td x %4td  %5.1f\n", p.name, p.m, p.n, p.k, 100 * reached);
      operations += size, time += size / reached;
    }
    printf("%-51s  %5.1f\n", "together, of one image", 100 * operations / time);
  }
}
