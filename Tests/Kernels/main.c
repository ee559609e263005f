#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

// Every kernel at the level in use against plain formulas, in double precision or for bytes in
// whole numbers. An argument names the products that the processor must have, "NEON BF16, NEON".
// Ends with 1 if something failed, and with 3 if the processor has not the level that is asked for.

const ptrdiff_t sizes[SIZES] = {
    0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 196, 197, 255, 1000};

static char subject[200];
static int failed;
static long compared;
static uint64_t state;

void checking(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(subject, sizeof subject, format, arguments);
  va_end(arguments);
  state = 1;
}

int failures(void) { return failed; }
long comparisons(void) { return compared; }

static void fail(const char *text) {
  if (failed++ < 20) printf("FAILED %s: %s\n", subject, text);
}

void expect(bool holds) {
  compared++;
  if (!holds) fail("it does not hold");
}

void expect_close(
    const float *found, const double *wanted, ptrdiff_t n, double relative, double absolute) {
  compared += n;
  for (ptrdiff_t i = 0; i < n; i++) {
    if (found[i] == wanted[i] || (isnan(found[i]) && isnan(wanted[i]))) continue;
    if (fabs(found[i] - wanted[i]) <= absolute + relative * fabs(wanted[i])) continue;
    char text[100];
    snprintf(text, sizeof text, "[%td] of %td is %.9g, not %.9g", i, n, found[i], wanted[i]);
    fail(text);
    return;
  }
}

void expect_same(const void *found, const void *wanted, size_t bytes) {
  compared++;
  if (bytes > 0 && memcmp(found, wanted, bytes) != 0) fail("the bytes differ");
}

void expect_bits(const float *found, const float *wanted, ptrdiff_t n) {
  expect_same(found, wanted, (size_t)n * sizeof *found);
}

static double next(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 11) * 0x1p-53;
}

int random_below(int bound) { return (int)(next() * bound); }

float *fresh(ptrdiff_t n) {
  float *x = take((size_t)n * sizeof *x);
  for (ptrdiff_t i = 0; i < n; i++) x[i] = NAN;
  return x;
}

float *copy(const float *x, ptrdiff_t n) {
  float *result = take((size_t)n * sizeof *x);
  if (n > 0) memcpy(result, x, (size_t)n * sizeof *x);
  return result;
}

float *uniform(ptrdiff_t n, double bound) {
  float *x = take((size_t)n * sizeof *x);
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (float)((2 * next() - 1) * bound);
  return x;
}

uint8_t *random_bytes(ptrdiff_t n) {
  uint8_t *x = take((size_t)n);
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (uint8_t)random_below(256);
  return x;
}

double *doubles(ptrdiff_t n) { return take((size_t)n * sizeof(double)); }

int main(int count, char **arguments) {
  const char *asked = getenv("CONVIT_LEVEL");
  if (asked && *asked && !ck_level_is_known(asked)) {
    printf("this processor has no %s\n", asked);
    return 3;
  }
  char products[100] = "";
  for (int i = 0; ck_products_at(i); i++) {
    if (i > 0) strcat(products, ", ");
    strcat(products, ck_products_name(ck_products_at(i)));
  }
  printf("level %s, products %s\n", ck_level(), *products ? products : "none");
  if (count > 1 && strcmp(products, arguments[1]) != 0) {
    printf("FAILED: the products should be %s\n", arguments[1]);
    return 1;
  }
  void (*const checks[])(void) = {
      check_products, check_product_rules, check_elementwise, check_functions, check_sums,
      check_softmax, check_attention, check_norm, check_optimizers, check_pixels, check_geometry};
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
    checks[i]();
    release();
  }
  printf("%ld comparisons, %d failed\n", comparisons(), failures());
  return failures() > 0;
}
