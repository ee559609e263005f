#pragma once

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"
#include "CProducts.h"
#include "memory.h"

// What the tests of the kernels share: numbers, and comparisons that count and print failures.

/// Says what is checked from here on, for messages, and begins the random numbers anew.
__attribute__((format(printf, 1, 2))) void checking(const char *format, ...);

void expect(bool holds);
/// Whether every |found - wanted| ≤ absolute + relative |wanted|; NaN only for NaN, and infinities
/// exactly.
void expect_close(
    const float *found, const double *wanted, ptrdiff_t n, double relative, double absolute);
void expect_same(const void *found, const void *wanted, size_t bytes);
/// Whether floats have the same bits.
void expect_bits(const float *found, const float *wanted, ptrdiff_t n);
int failures(void);
long comparisons(void);

/// n numbers that are NaN, so that what is read before it is written shows.
float *fresh(ptrdiff_t n);
float *copy(const float *x, ptrdiff_t n);
float *uniform(ptrdiff_t n, double bound);
uint8_t *random_bytes(ptrdiff_t n);
double *doubles(ptrdiff_t n);
/// A whole number from 0 to below `bound`.
int random_below(int bound);

/// Around every multiple of a vector and of an unrolled loop, and the lengths of ConViT's rows.
extern const ptrdiff_t sizes[];
enum { SIZES = 17 };
/// For each size as n; what was taken is freed after each.
#define FOR_SIZES(n) \
  for (ptrdiff_t size_ = 0, n = sizes[0]; size_ < SIZES; \
       release(), size_++, n = size_ < SIZES ? sizes[size_] : 0)

/// softmax(scale x + bias) of a row; 0 where the bias forbids all of it. A bias may be NULL.
void softmax(double *out, const float *x, double scale, const float *bias, ptrdiff_t cols);
/// Σ a b
double dot(const double *a, const float *b, ptrdiff_t n);

void check_products(void);
void check_product_rules(void);
void check_elementwise(void);
void check_functions(void);
void check_sums(void);
void check_softmax(void);
void check_attention(void);
void check_norm(void);
void check_optimizers(void);
void check_pixels(void);
void check_geometry(void);
