#include "internal.h"

CK_KERNEL(void, ck_adamw,
          (float *restrict p, float *restrict m, float *restrict v, const float *restrict g,
           float gscale, float lr, float beta1, float beta2, float eps, float weight_decay,
           float bias1, float bias2, ptrdiff_t n),
          (p, m, v, g, gscale, lr, beta1, beta2, eps, weight_decay, bias1, bias2, n)) {
  const float decay = lr * weight_decay;
  const float step = lr / bias1;
  const float root = 1.0f / __builtin_elementwise_sqrt(bias2);
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) {
    const float gradient = gscale * g[i];
    m[i] = beta1 * m[i] + (1.0f - beta1) * gradient;
    v[i] = beta2 * v[i] + (1.0f - beta2) * (gradient * gradient);
    const float size = __builtin_elementwise_sqrt(v[i]) * root + eps;
    p[i] = (p[i] - decay * p[i]) - step * (m[i] / size);
  }
}

CK_KERNEL(void, ck_adam,
          (float *restrict p, float *restrict m, float *restrict v, const float *restrict g,
           float gscale, float lr, float beta1, float beta2, float eps, float weight_decay,
           float bias1, float bias2, ptrdiff_t n),
          (p, m, v, g, gscale, lr, beta1, beta2, eps, weight_decay, bias1, bias2, n)) {
  const float step = lr / bias1;
  const float root = 1.0f / __builtin_elementwise_sqrt(bias2);
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) {
    const float gradient = gscale * g[i] + weight_decay * p[i];
    m[i] = beta1 * m[i] + (1.0f - beta1) * gradient;
    v[i] = beta2 * v[i] + (1.0f - beta2) * (gradient * gradient);
    const float size = __builtin_elementwise_sqrt(v[i]) * root + eps;
    p[i] = p[i] - step * (m[i] / size);
  }
}

CK_KERNEL(void, ck_sgd,
          (float *restrict p, float *restrict m, const float *restrict g, float gscale, float lr,
           float momentum, int nesterov, float weight_decay, ptrdiff_t n),
          (p, m, g, gscale, lr, momentum, nesterov, weight_decay, n)) {
  const float direct = nesterov ? 1.0f : 0.0f;
  const float heavy = nesterov ? momentum : 1.0f;
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) {
    const float gradient = gscale * g[i] + weight_decay * p[i];
    m[i] = momentum * m[i] + gradient;
    p[i] = p[i] - lr * (direct * gradient + heavy * m[i]);
  }
}

CK_KERNEL(void, ck_lion,
          (float *restrict p, float *restrict m, const float *restrict g, float gscale, float lr,
           float beta1, float beta2, float weight_decay, ptrdiff_t n),
          (p, m, g, gscale, lr, beta1, beta2, weight_decay, n)) {
  const float decay = lr * weight_decay;
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) {
    const float gradient = gscale * g[i];
    const float blend = beta1 * m[i] + (1.0f - beta1) * gradient;
    const float sign = blend > 0.0f ? 1.0f : blend < 0.0f ? -1.0f : blend;
    m[i] = beta2 * m[i] + (1.0f - beta2) * gradient;
    p[i] = (p[i] - decay * p[i]) - lr * sign;
  }
}

CK_KERNEL(void, ck_lerp, (float *restrict out, const float *restrict x, float t, ptrdiff_t n),
          (out, x, t, n)) {
  // From the nearer end: exactly out at t = 0, and exactly x at t = 1.
  if (t < 0.5f) {
    CK_EACH
    for (ptrdiff_t i = 0; i < n; i++) out[i] = out[i] + t * (x[i] - out[i]);
  } else {
    CK_EACH
    for (ptrdiff_t i = 0; i < n; i++) out[i] = x[i] - (1.0f - t) * (x[i] - out[i]);
  }
}

CK_KERNEL(void, ck_clamp, (float *x, float bound, ptrdiff_t n), (x, bound, n)) {
  CK_EACH
  for (ptrdiff_t i = 0; i < n; i++) {
    x[i] = x[i] > bound ? bound : x[i] < -bound ? -bound : x[i];
  }
}
