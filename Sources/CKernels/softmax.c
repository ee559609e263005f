#include "internal.h"

CK_KERNEL(void, ck_softmax,
          (float *out, const float *x, float scale, ptrdiff_t rows, ptrdiff_t cols),
          (out, x, scale, rows, cols)) {
  for (ptrdiff_t r = 0; r < rows; r++, x += cols, out += cols) {
    const float inverse = 1.0f / ck_row_exp(out, x, scale, cols);
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) out[c] *= inverse;
  }
}

CK_KERNEL(void, ck_softmax_backward,
          (float *dx, const float *y, const float *dy, float scale, ptrdiff_t rows, ptrdiff_t cols),
          (dx, y, dy, scale, rows, cols)) {
  for (ptrdiff_t r = 0; r < rows; r++, y += cols, dy += cols, dx += cols) {
    float sum = 0;
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) {
#pragma clang fp reassociate(on)
      sum += y[c] * dy[c];
    }
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) dx[c] = scale * y[c] * (dy[c] - sum);
  }
}

CK_KERNEL(void, ck_log_softmax, (float *out, const float *x, ptrdiff_t rows, ptrdiff_t cols),
          (out, x, rows, cols)) {
  for (ptrdiff_t r = 0; r < rows; r++, x += cols, out += cols) {
    const float max = ck_row_max(x, 1.0f, cols);
    float sum = 0;
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) {
#pragma clang fp reassociate(on)
      sum += ck_exp_below_88(x[c] - max);
    }
    const float log_sum = logf(sum);
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) out[c] = (x[c] - max) - log_sum;
  }
}

CK_KERNEL(void, ck_log_softmax_backward,
          (float *dx, const float *y, const float *dy, ptrdiff_t rows, ptrdiff_t cols),
          (dx, y, dy, rows, cols)) {
  for (ptrdiff_t r = 0; r < rows; r++, y += cols, dy += cols, dx += cols) {
    float sum = 0;
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) {
#pragma clang fp reassociate(on)
      sum += dy[c];
    }
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) dx[c] = dy[c] - ck_exp_below_88(y[c]) * sum;
  }
}
