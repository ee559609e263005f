// Matrix products of random sizes, by every level that the processor can run, in buffers of exactly
// the size that they need (Tests/Kernels/memory.h): all elements are 1, so that every sum is its
// length.
//
//     make fuzz-products SECONDS=60
//     make fuzz-products ARM=1         under qemu

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "CProducts.h"
#include "memory.h"

static int size(int largest) {
  const int kind = rand() % 10;
  return 1 + rand() % (kind < 3 ? 20 : kind < 8 ? 200 : largest);
}

/// A matrix of ones, rows × columns or stored transposed, in rows up to 4 longer than needed.
static ck_matrix ones(int rows, int columns) {
  const bool transposed = rand() % 2;
  const int stored = transposed ? columns : rows, length = transposed ? rows : columns;
  const int stride = length + rand() % 5;
  const size_t count = stored > 0 ? (size_t)(stored - 1) * stride + length : 0;
  float *elements = take(count * sizeof(float));
  for (size_t i = 0; i < count; i++) elements[i] = 1;
  return (ck_matrix){elements, stride, transposed};
}

int main(int count, char **arguments) {
  const time_t end = time(NULL) + (count > 1 ? atoi(arguments[1]) : 60);
  int levels = 0;
  for (; ck_products_at(levels); levels++) puts(ck_products_name(ck_products_at(levels)));
  if (levels == 0) return puts("this processor has no products of ours") < 0;
  long products = 0;
  for (; time(NULL) < end; products++) {
    const ck_products *kernels = ck_products_at(rand() % levels);
    const int m = size(500), n = size(2500), k = rand() % 30 ? size(2500) : 0;
    const int stride = n + rand() % 5, beta = rand() % 2, is_packed = rand() % 2;
    const ck_matrix a = ones(m, k), b = ones(k, n);
    float *y = take(sizeof(float) * (stride * (m - 1) + n));
    float *bias = take(sizeof(float) * n);
    float *scratch = take(sizeof(float) * ck_product_scratch(kernels, m, n, k));
    float *packed = take(sizeof(float) * ck_product_packed_count(kernels, n, k));
    for (int i = 0; i < stride * (m - 1) + n; i++) y[i] = 5;
    for (int i = 0; i < n; i++) bias[i] = 2;
    if (is_packed) ck_product_pack(kernels, packed, b, n, k);
    ck_product(
        kernels, y, stride, a, b, is_packed ? packed : NULL, m, n, k, 1, beta, bias, scratch);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        if (y[i * stride + j] == k + 2 + 5 * beta) continue;
        printf("%s: [%d, %d] · [%d, %d]: %g at (%d, %d)\n", ck_products_name(kernels), m, k, k, n,
               y[i * stride + j], i, j);
        return 1;
      }
    }
    release();
  }
  printf("%ld products\n", products);
  return 0;
}
