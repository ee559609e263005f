#include "check.h"

// Steps of optimisers against their formulas in double precision.

static const float gscale = 0.25f, rate = 1e-2f, beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f,
                   decay = 0.05f;

/// A number and what is remembered of it.
typedef struct {
  double p, m, v;
} State;

static void adam_moments(State *s, double g) {
  s->m = beta1 * s->m + (1 - (double)beta1) * g;
  s->v = beta2 * s->v + (1 - (double)beta2) * g * g;
}
static void adam_step(State *s, int t) {
  const double m = s->m / (1 - pow(beta1, t)), v = s->v / (1 - pow(beta2, t));
  s->p -= rate * m / (sqrt(v) + eps);
}
static void adamw(State *s, double g, int t) {
  s->p -= rate * decay * s->p;
  adam_moments(s, g);
  adam_step(s, t);
}
static void adam(State *s, double g, int t) {
  adam_moments(s, g + decay * s->p);
  adam_step(s, t);
}
static void sgd_of(State *s, double g, bool nesterov) {
  const double gradient = g + decay * s->p;
  s->m = beta1 * s->m + gradient;
  s->p -= rate * (nesterov ? gradient + beta1 * s->m : s->m);
}
static void sgd(State *s, double g, int t) { (void)t, sgd_of(s, g, false); }
static void nesterov(State *s, double g, int t) { (void)t, sgd_of(s, g, true); }
static void lion(State *s, double g, int t) {
  (void)t;
  const double blend = beta1 * s->m + (1 - (double)beta1) * g;
  s->p -= rate * (decay * s->p + (blend > 0 ? 1 : blend < 0 ? -1 : 0));
  s->m = beta2 * s->m + (1 - (double)beta2) * g;
}

typedef void Step(float *p, float *m, float *v, const float *g, int t, ptrdiff_t n);
#define STEP(name) \
  static void name(float *p, float *m, float *v, const float *g, int t, ptrdiff_t n)
STEP(run_adamw) {
  ck_adamw(p, m, v, g, gscale, rate, beta1, beta2, eps, decay, (float)(1 - pow(beta1, t)),
           (float)(1 - pow(beta2, t)), n);
}
STEP(run_adam) {
  ck_adam(p, m, v, g, gscale, rate, beta1, beta2, eps, decay, (float)(1 - pow(beta1, t)),
          (float)(1 - pow(beta2, t)), n);
}
STEP(run_sgd) { (void)v, (void)t, ck_sgd(p, m, g, gscale, rate, beta1, 0, decay, n); }
STEP(run_nesterov) { (void)v, (void)t, ck_sgd(p, m, g, gscale, rate, beta1, 1, decay, n); }
STEP(run_lion) { (void)v, (void)t, ck_lion(p, m, g, gscale, rate, beta1, beta2, decay, n); }

static const struct {
  const char *name;
  Step *kernel;
  void (*formula)(State *state, double gradient, int t);
} steps[] = {{"adamw", run_adamw, adamw}, {"adam", run_adam, adam}, {"sgd", run_sgd, sgd},
             {"nesterov", run_nesterov, nesterov}, {"lion", run_lion, lion}};

/// Ten steps of at most the rate, or for SGD ten times it.
static void check_steps(size_t index) {
  FOR_SIZES(n) {
    checking("%s of %td", steps[index].name, n);
    float *p = uniform(n, 3), *m = fresh(n), *v = fresh(n);
    State *states = take((size_t)n * sizeof *states);
    double *wanted[3] = {doubles(n), doubles(n), doubles(n)};
    ck_fill(m, 0, n);
    ck_fill(v, 0, n);
    for (ptrdiff_t i = 0; i < n; i++) states[i] = (State){p[i], 0, 0};
    for (int t = 1; t <= 10; t++) {
      const float *g = uniform(n, 3);
      steps[index].kernel(p, m, v, g, t, n);
      for (ptrdiff_t i = 0; i < n; i++) steps[index].formula(&states[i], gscale * g[i], t);
    }
    for (ptrdiff_t i = 0; i < n; i++) {
      wanted[0][i] = states[i].p;
      wanted[1][i] = states[i].m;
      wanted[2][i] = states[i].v;
    }
    expect_close(p, wanted[0], n, 0, 2e-6);
    expect_close(m, wanted[1], n, 0, 1e-6);
    expect_close(v, wanted[2], n, 2e-6, 0);
  }
}

static void check_lerp_and_clamp(void) {
  FOR_SIZES(n) {
    const float ts[] = {0, 4e-5f, 0.3f, 0.5f, 0.9f, 1};
    const float *a = uniform(n, 3), *b = uniform(n, 3);
    double *wanted = doubles(n);
    for (int i = 0; i < 6; i++) {
      checking("lerp of %td, t = %g", n, ts[i]);
      float *out = copy(a, n), *equal = copy(a, n);
      for (ptrdiff_t k = 0; k < n; k++) wanted[k] = a[k] + ts[i] * ((double)b[k] - a[k]);
      ck_lerp(out, b, ts[i], n);
      expect_close(out, wanted, n, 0, 1e-6);
      if (i == 0 || i == 5) expect_bits(out, i == 0 ? a : b, n);
      ck_lerp(equal, a, ts[i], n);
      expect_bits(equal, a, n);
    }
    checking("clamp of %td", n);
    float *x = copy(a, n);
    for (ptrdiff_t k = 0; k < n; k++) {
      if (k % 7 == 1) x[k] = k % 2 ? NAN : INFINITY;
      wanted[k] = x[k] > 0.7f ? 0.7f : x[k] < -0.7f ? -0.7f : x[k];
    }
    ck_clamp(x, 0.7f, n);
    expect_close(x, wanted, n, 0, 0);
  }
}

void check_optimizers(void) {
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) check_steps(i);
  check_lerp_and_clamp();
  checking("lion without a gradient");
  float p[] = {2, 2}, m[] = {0, 0};
  const float g[] = {0, NAN};
  ck_lion(p, m, g, 1, 0.5f, 0.9f, 0.99f, 0, 2);
  expect(p[0] == 2 && isnan(p[1]) && isnan(m[1]));
}
