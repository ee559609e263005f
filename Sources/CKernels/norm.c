#include "internal.h"

// Two passes for the moments. The first mean carries the rounding of its sum; the second pass
// finds what is left of it (shift), which corrects mean, variance and output.
CK_KERNEL(void, ck_layer_norm,
          (float *out, float *restrict mean, float *restrict rstd, const float *x,
           const float *restrict weight, const float *restrict bias, float eps, ptrdiff_t rows,
           ptrdiff_t cols),
          (out, mean, rstd, x, weight, bias, eps, rows, cols)) {
  for (ptrdiff_t r = 0; r < rows; r++, x += cols, out += cols) {
    float sum = 0;
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) {
#pragma clang fp reassociate(on)
      sum += x[c];
    }
    const float centre = sum / (float)cols;
    float shift = 0, squares = 0;
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) {
#pragma clang fp reassociate(on)
      const float d = x[c] - centre;
      shift += d;
      squares += d * d;
    }
    shift /= (float)cols;
    const float variance = squares / (float)cols - shift * shift;
    const float scale = 1.0f / __builtin_elementwise_sqrt(variance + eps);
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) {
      out[c] = ((x[c] - centre) - shift) * scale * weight[c] + bias[c];
    }
    mean[r] = centre + shift;
    rstd[r] = scale;
  }
}

CK_KERNEL(void, ck_layer_norm_backward,
          (float *dx, float *restrict dweight, float *restrict dbias, const float *restrict x,
           const float *restrict mean, const float *restrict rstd, const float *restrict weight,
           const float *dy, float beta_dx, ptrdiff_t rows, ptrdiff_t cols),
          (dx, dweight, dbias, x, mean, rstd, weight, dy, beta_dx, rows, cols)) {
  for (ptrdiff_t r = 0; r < rows; r++, x += cols, dy += cols, dx += cols) {
    const float centre = mean[r], scale = rstd[r];
    float g_mean = 0, gx_mean = 0;
    CK_ROW
    for (ptrdiff_t c = 0; c < cols; c++) {
#pragma clang fp reassociate(on)
      const float g = dy[c] * weight[c];
      g_mean += g;
      gx_mean += g * ((x[c] - centre) * scale);
    }
    g_mean /= (float)cols;
    gx_mean /= (float)cols;
    if (dweight) {
      CK_ROW
      for (ptrdiff_t c = 0; c < cols; c++) dweight[c] += dy[c] * ((x[c] - centre) * scale);
    }
    if (dbias) {
      CK_ROW
      for (ptrdiff_t c = 0; c < cols; c++) dbias[c] += dy[c];
    }
    if (beta_dx == 0.0f) {
      CK_ROW
      for (ptrdiff_t c = 0; c < cols; c++) {
        const float normal = (x[c] - centre) * scale;
        dx[c] = scale * (dy[c] * weight[c] - g_mean - normal * gx_mean);
      }
    } else {
      CK_ROW
      for (ptrdiff_t c = 0; c < cols; c++) {
        const float normal = (x[c] - centre) * scale;
        dx[c] = beta_dx * dx[c] + scale * (dy[c] * weight[c] - g_mean - normal * gx_mean);
      }
    }
  }
}
