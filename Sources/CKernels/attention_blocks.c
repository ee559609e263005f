#include "internal.h"

// A softmax whose rows are seen block by block: `max` and `sum` are of what was seen so far
// (Milakov and Gimelshein 2018, arXiv:1805.02867).

CK_KERNEL(void, ck_softmax_block,
          (float *s, float *restrict max, float *restrict sum, float *restrict y,
           ptrdiff_t y_stride, ptrdiff_t y_cols, float scale, const float *restrict bias,
           ptrdiff_t bias_stride, ptrdiff_t rows, ptrdiff_t cols),
          (s, max, sum, y, y_stride, y_cols, scale, bias, bias_stride, rows, cols)) {
  for (ptrdiff_t r = 0; r < rows; r++, s += cols, y += y_stride) {
    float factor = scale;
    if (bias) {
      CK_ROW
      for (ptrdiff_t c = 0; c < cols; c++) s[c] = scale * s[c] + bias[c];
      bias += bias_stride;
      factor = 1.0f;
    }
    const float here = ck_row_max(s, factor, cols);
    const float largest = CK_LARGER(here, max[r]);
    const float zero = largest == -INFINITY ? 0.0f : largest;  // no -inf - -inf
    const float e = ck_row_exp_from(s, s, factor, zero, cols);
    if (max[r] == largest) {
      sum[r] += e;
      continue;
    }
    const float kept = ck_exp_below_88(max[r] - zero);
    sum[r] = kept * sum[r] + e;
    max[r] = largest;
    CK_ROW
    for (ptrdiff_t c = 0; c < y_cols; c++) y[c] *= kept;
  }
}

CK_KERNEL(void, ck_softmax_end,
          (float *max, float *sum, float *restrict y, ptrdiff_t y_stride, ptrdiff_t y_cols,
           ptrdiff_t rows),
          (max, sum, y, y_stride, y_cols, rows)) {
  for (ptrdiff_t r = 0; r < rows; r++, y += y_stride) {
    sum[r] = sum[r] == 0.0f ? 0.0f : 1.0f / sum[r];
    if (max[r] == -INFINITY) max[r] = 0.0f;
    const float factor = sum[r];
    CK_ROW
    for (ptrdiff_t c = 0; c < y_cols; c++) y[c] *= factor;
  }
}

CK_KERNEL(void, ck_softmax_block_backward,
          (float *s, float *da, float *restrict dbias, const float *restrict max,
           const float *restrict inverse, const float *restrict delta, float scale,
           const float *restrict bias, ptrdiff_t bias_stride, ptrdiff_t rows, ptrdiff_t cols),
          (s, da, dbias, max, inverse, delta, scale, bias, bias_stride, rows, cols)) {
  for (ptrdiff_t r = 0; r < rows; r++, s += cols, da += cols) {
    const float largest = max[r], factor = inverse[r], mean = delta[r];
    if (bias) {
      CK_ROW
      for (ptrdiff_t c = 0; c < cols; c++) {
        const float p = factor * ck_exp_below_88(scale * s[c] + bias[c] - largest);
        s[c] = p;
        da[c] = p * (da[c] - mean);
      }
      bias += bias_stride;
      if (dbias) {
        CK_ROW
        for (ptrdiff_t c = 0; c < cols; c++) dbias[c] += da[c];
        dbias += bias_stride;
      }
      CK_ROW
      for (ptrdiff_t c = 0; c < cols; c++) da[c] *= scale;
      continue;
    }
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) {
      const float p = factor * ck_exp_below_88(scale * s[c] - largest);
      s[c] = p;
      da[c] = scale * p * (da[c] - mean);
    }
  }
}
