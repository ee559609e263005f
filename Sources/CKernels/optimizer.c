#include "internal.h"

CK_CLONES void ck_adamw(float *restrict p, float *restrict m, float *restrict v,
                        const float *restrict g, float gscale, float lr, float beta1,
                        float beta2, float eps, float weight_decay, float bias1, float bias2,
                        ptrdiff_t n) {
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
