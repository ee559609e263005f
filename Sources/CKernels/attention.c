#include "internal.h"

CK_CLONES void ck_gated_softmax(float *a, const float *s, float scale,
                                const float *restrict position, float gate, ptrdiff_t rows,
                                ptrdiff_t cols) {
  if (!position) gate = 0.0f;
  for (ptrdiff_t r = 0; r < rows; r++, s += cols, a += cols) {
    const float factor = (1.0f - gate) / ck_row_exp(a, s, scale, cols);
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

// e = exp(scale s - max) is left in a until the last loop of a row; P = e / sum.
CK_CLONES void ck_gated_softmax_backward(float *a, float *ds, float *restrict dposition,
                                         double *restrict dgate, const float *s,
                                         const float *da, float scale,
                                         const float *restrict position, float gate,
                                         ptrdiff_t rows, ptrdiff_t cols) {
  if (cols == 0) return;  // or dgate would get 0 / 0
  if (!position) gate = 0.0f;
  for (ptrdiff_t r = 0; r < rows; r++, s += cols, a += cols, da += cols, ds += cols) {
    const float inverse = 1.0f / ck_row_exp(a, s, scale, cols);
    float p_da = 0;
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) {
#pragma clang fp reassociate(on)
      p_da += a[c] * da[c];
    }
    p_da *= inverse;
    const float factor = (1.0f - gate) * inverse;  // a = factor e + gate position
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
