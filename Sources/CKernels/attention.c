#include "internal.h"

// out = exp(scale s + bias - max), and the sum of it: 0 where the bias forbids all of the row. In
// place: out and s.
CK_INLINE float ck_row_biased_exp(float *out, const float *s, float scale,
                                  const float *restrict bias, ptrdiff_t n) {
  if (!bias) return ck_row_exp(out, s, scale, n);
  CK_ROW
  for (ptrdiff_t c = 0; c < n; c++) out[c] = scale * s[c] + bias[c];
  const float max = ck_row_max(out, 1.0f, n);
  return ck_row_exp_from(out, out, 1.0f, max == -INFINITY ? 0.0f : max, n);  // no -inf - -inf
}

CK_KERNEL(void, ck_gated_softmax,
          (float *a, const float *s, float scale, const float *restrict bias,
           const float *restrict position, float gate, ptrdiff_t rows, ptrdiff_t cols),
          (a, s, scale, bias, position, gate, rows, cols)) {
  if (!position) gate = 0.0f;
  for (ptrdiff_t r = 0; r < rows; r++, s += cols, a += cols) {
    const float sum = ck_row_biased_exp(a, s, scale, bias, cols);
    const float factor = sum == 0.0f ? 0.0f : (1.0f - gate) / sum;
    if (bias) bias += cols;
    if (position) {
      CK_ROW
      for (ptrdiff_t c = 0; c < cols; c++) a[c] = factor * a[c] + gate * position[c];
      position += cols;
    } else {
      CK_ROW
      for (ptrdiff_t c = 0; c < cols; c++) a[c] *= factor;
    }
  }
}

// e = exp(scale s + bias - max) is left in a until the last loop of a row; P = e / sum.
CK_KERNEL(void, ck_gated_softmax_backward,
          (float *a, float *ds, float *restrict dbias, float *restrict dposition,
           double *restrict dgate, const float *s, const float *da, float scale,
           const float *restrict bias, const float *restrict position, float gate, ptrdiff_t rows,
           ptrdiff_t cols),
          (a, ds, dbias, dposition, dgate, s, da, scale, bias, position, gate, rows, cols)) {
  if (!position) gate = 0.0f;
  for (ptrdiff_t r = 0; r < rows; r++, s += cols, a += cols, da += cols, ds += cols) {
    const float sum = ck_row_biased_exp(a, s, scale, bias, cols);
    const float inverse = sum == 0.0f ? 0.0f : 1.0f / sum;
    float p_da = 0;
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) {
#pragma clang fp reassociate(on)
      p_da += a[c] * da[c];
    }
    p_da *= inverse;
    const float factor = (1.0f - gate) * inverse;  // a = factor e + gate position
    if (bias) {
      if (dbias) {
        CK_ROW
        for (ptrdiff_t c = 0; c < cols; c++) dbias[c] += factor * a[c] * (da[c] - p_da);
        dbias += cols;
      }
      bias += cols;
    }
    if (!position) {
      CK_ROW
      for (ptrdiff_t c = 0; c < cols; c++) {
        const float p = factor * a[c];
        ds[c] = scale * p * (da[c] - p_da);
        a[c] = p;
      }
      continue;
    }
    if (dgate) {
      float position_da = 0;
      CK_ROW
      for (ptrdiff_t c = 0; c < cols; c++) {
#pragma clang fp reassociate(on)
        position_da += position[c] * da[c];
      }
      *dgate += (double)position_da - (double)p_da;
    }
    if (dposition) {
      CK_ROW
      for (ptrdiff_t c = 0; c < cols; c++) dposition[c] += gate * da[c];
      dposition += cols;
    }
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) {
      const float p = factor * a[c];
      ds[c] = scale * p * (da[c] - p_da);
      a[c] = p + gate * position[c];
    }
    position += cols;
  }
}
