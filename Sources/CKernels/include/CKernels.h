#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Vector kernels on float buffers: contiguous, row-major, `x[r][c]` at `r * cols + c`.
//
// Every function accepts sizes of 0, allocates nothing, keeps no state and needs no alignment.
// "In place" names the arguments that may be the same buffer; buffers that partly overlap are
// never allowed. The same input gives the same bits on one machine, wherever the buffers lie;
// between CPU levels (`ck_level`) results differ by rounding.
//
// NaN goes through every function unless a comment says otherwise.

/// The level of instructions in use: "x86-64-v4+amx" (AVX-512, and AMX for products of bfloat16),
/// "x86-64-v4" (AVX-512), "x86-64-v3" (AVX2), "baseline" or "neon". It is the highest that the
/// processor has, or that which the environment's `CONVIT_LEVEL` names.
const char *ck_level(void);
/// Whether `CONVIT_LEVEL` may have this value here: a level that the processor has.
bool ck_level_is_known(const char *name);
/// The levels that the processor has, lowest first; NULL beyond the last.
const char *ck_level_at(int index);

// Tells the processor that a loop is waiting: for about forty cycles nothing is done.
void ck_pause(void);

/// Keeps the calling thread on the processor of a number; does nothing where the system cannot.
void ck_pin_thread(ptrdiff_t processor);

/// Whether the process may use the processor of a number, below a limit that is 0 where the system
/// does not say.
bool ck_processor_is_allowed(ptrdiff_t index);
ptrdiff_t ck_processor_limit(void);

// MARK: Elementwise (elementwise.c). In place: out may be any of the inputs.

void ck_add(float *out, const float *a, const float *b, ptrdiff_t n);
void ck_sub(float *out, const float *a, const float *b, ptrdiff_t n);
void ck_mul(float *out, const float *a, const float *b, ptrdiff_t n);
void ck_div(float *out, const float *a, const float *b, ptrdiff_t n);
void ck_fill(float *out, float value, ptrdiff_t n);
/// out = alpha x
void ck_scale(float *out, float alpha, const float *x, ptrdiff_t n);
/// out += alpha x
void ck_axpy(float *out, float alpha, const float *x, ptrdiff_t n);
/// out = x + value
void ck_add_scalar(float *out, const float *x, float value, ptrdiff_t n);
/// out = max(x, 0)
void ck_relu(float *out, const float *x, ptrdiff_t n);
/// out = x²
void ck_square(float *out, const float *x, ptrdiff_t n);
/// out = √x
void ck_sqrt(float *out, const float *x, ptrdiff_t n);
/// out = ln x. The C library's `logf`, one number at a time.
void ck_log(float *out, const float *x, ptrdiff_t n);

// MARK: Rows and sums (reduction.c)

/// x[r][c] += bias[c]
void ck_add_row(float *x, const float *restrict bias, ptrdiff_t rows, ptrdiff_t cols);
/// out[r][c] = x[r][c] + bias[c]. In place: out and x.
void ck_add_bias(float *out, const float *x, const float *restrict bias, ptrdiff_t rows,
                 ptrdiff_t cols);
/// out[c] = beta out[c] + Σ_r x[r][c]. With beta = 0 out is not read.
void ck_sum_rows(float *restrict out, const float *restrict x, ptrdiff_t rows, ptrdiff_t cols,
                 float beta);
/// Σ x. Blocks of 4096 in float, their sums in double.
float ck_sum(const float *x, ptrdiff_t n);
/// Σ a b. Blocks of 4096 in float, their sums in double.
float ck_dot(const float *a, const float *b, ptrdiff_t n);
/// -Σ x ln x of numbers from 0 to 1; 0 counts 0. Blocks of 4096 in float, their sums in double.
double ck_entropy(const float *x, ptrdiff_t n);
/// Σ x², squared and summed in double.
double ck_sum_squares(const float *x, ptrdiff_t n);
/// 1 when no element is infinite or NaN, 0 otherwise.
int ck_all_finite(const float *x, ptrdiff_t n);

// MARK: Functions (activation.c). In place: out and x, dx and dy.

/// out = exp x. Error at most 1.25 ulp where the result is a normal number; below 2⁻¹²⁶ it may be
/// flushed to 0. exp(-inf) = 0, exp(+inf) = +inf.
void ck_exp(float *out, const float *x, ptrdiff_t n);
/// out = 1 / (1 + exp(-x)). Error at most 3 ulp where the result is a normal number.
void ck_sigmoid(float *out, const float *x, ptrdiff_t n);
/// out = tanh x. Error at most 6 ulp; odd, tanh(±inf) = ±1.
void ck_tanh(float *out, const float *x, ptrdiff_t n);
/// out = x Φ(x), the exact (erf) form; Φ is the normal distribution. Relative error at most
/// 6e-7 above -3 and 5e-6 in the far tail. gelu(-inf) = 0, gelu(+inf) = +inf.
void ck_gelu(float *out, const float *x, ptrdiff_t n);
/// dx = dy (Φ(x) + x φ(x)), φ = Φ'. Error of the bracket at most 2e-7.
void ck_gelu_backward(float *dx, const float *x, const float *dy, ptrdiff_t n);
/// out[r][c] = gelu(x[r][c] + bias[c])
void ck_bias_gelu(float *out, const float *x, const float *restrict bias, ptrdiff_t rows,
                  ptrdiff_t cols);
/// dx[r][c] = dy[r][c] gelu'(x[r][c] + bias[c])
void ck_bias_gelu_backward(float *dx, const float *x, const float *restrict bias,
                           const float *dy, ptrdiff_t rows, ptrdiff_t cols);

// MARK: Softmax along the columns (softmax.c). In place: out and x, dx and dy.
// An entry of -inf gets the probability 0; a row of nothing but -inf, or with +inf, is NaN.

/// out[r] = softmax(scale x[r])
void ck_softmax(float *out, const float *x, float scale, ptrdiff_t rows, ptrdiff_t cols);
/// y = softmax(scale x): dx = scale y (dy - Σ_c y dy)
void ck_softmax_backward(float *dx, const float *y, const float *dy, float scale,
                         ptrdiff_t rows, ptrdiff_t cols);
/// out[r] = x[r] - ln Σ_c exp x[r][c]
void ck_log_softmax(float *out, const float *x, ptrdiff_t rows, ptrdiff_t cols);
/// y = log-softmax(x): dx = dy - exp(y) Σ_c dy
void ck_log_softmax_backward(float *dx, const float *y, const float *dy, ptrdiff_t rows,
                             ptrdiff_t cols);

// MARK: Layer normalisation along the columns (norm.c)

/// x̂ = (x - mean) rstd, out = x̂ weight + bias, rstd = 1 / √(var + eps), var biased.
///
/// out, x: [rows, cols]; mean, rstd: [rows]; weight, bias: [cols]. In place: out and x.
/// The variance is summed about the mean, so a row far from zero does not cancel.
void ck_layer_norm(float *out, float *restrict mean, float *restrict rstd, const float *x,
                   const float *restrict weight, const float *restrict bias, float eps,
                   ptrdiff_t rows, ptrdiff_t cols);
/// With g = dy weight: dx = beta_dx dx + rstd (g - mean_c(g) - x̂ mean_c(g x̂));
/// dweight += Σ_r dy x̂, dbias += Σ_r dy.
///
/// With beta_dx = 0 dx is not read and may be dy. dweight and dbias may each be NULL.
void ck_layer_norm_backward(float *dx, float *restrict dweight, float *restrict dbias,
                            const float *restrict x, const float *restrict mean,
                            const float *restrict rstd, const float *restrict weight,
                            const float *dy, float beta_dx, ptrdiff_t rows, ptrdiff_t cols);

// MARK: Attention of one head (attention.c), rows of queries against columns of keys

/// a = (1 - gate) softmax(scale s + bias) + gate position
///
/// a, s, bias, position: [rows, cols]. In place: a and s. Without a position (NULL) the gate is not
/// looked at and a = softmax(scale s + bias); without a bias (NULL) there is none.
///
/// Where the bias is -inf the softmax is 0, also in a row of nothing but -inf.
void ck_gated_softmax(float *a, const float *s, float scale, const float *restrict bias,
                      const float *restrict position, float gate, ptrdiff_t rows, ptrdiff_t cols);
/// Computes P = softmax(scale s + bias) again and, from da, the gradient with respect to a:
///
///     a = (1 - gate) P + gate position
///     ds = scale (1 - gate) P (da - Σ_c P da)
///     dbias += (1 - gate) P (da - Σ_c P da)
///     dposition += gate da
///     dgate += Σ (position - P) da
///
/// In place: a and s, ds and da. dbias, dposition and dgate may each be NULL. They are not touched
/// without a bias, or without a position (NULL), which means gate = 0.
void ck_gated_softmax_backward(float *a, float *ds, float *restrict dbias,
                               float *restrict dposition, double *restrict dgate,
                               const float *s, const float *da, float scale,
                               const float *restrict bias, const float *restrict position,
                               float gate, ptrdiff_t rows, ptrdiff_t cols);

// MARK: Attention of one head, some keys at a time (attention_blocks.c)

/// The next keys of a softmax along rows of many, and what was summed with the keys before:
///
///     max' = max(max, scale s + bias), s = exp(scale s + bias - max')
///     sum = exp(max - max') sum + Σ_c s, y = exp(max - max') y, max = max'
///
/// s: [rows, cols]; max, sum: [rows], -inf and 0 before the first keys; y: [rows, y_cols] in rows
/// `y_stride` apart, to which s times the values is to be added; bias: NULL, or in rows
/// `bias_stride` apart, -inf where a key is forbidden.
void ck_softmax_block(float *s, float *restrict max, float *restrict sum, float *restrict y,
                      ptrdiff_t y_stride, ptrdiff_t y_cols, float scale,
                      const float *restrict bias, ptrdiff_t bias_stride, ptrdiff_t rows,
                      ptrdiff_t cols);
/// After the last keys: y = y / sum and sum = 1 / sum; where all keys were forbidden, 0, and max 0.
void ck_softmax_end(float *max, float *sum, float *restrict y, ptrdiff_t y_stride,
                    ptrdiff_t y_cols, ptrdiff_t rows);
/// With P = inverse exp(scale s + bias - max), where `ck_softmax_end` left the last and the first,
/// and delta = Σ P da over all keys:
///
///     s = P, dbias += P (da - delta), da = scale P (da - delta)
///
/// dbias may be NULL, and lies as bias does; it is not touched without one.
void ck_softmax_block_backward(float *s, float *da, float *restrict dbias,
                               const float *restrict max, const float *restrict inverse,
                               const float *restrict delta, float scale,
                               const float *restrict bias, ptrdiff_t bias_stride, ptrdiff_t rows,
                               ptrdiff_t cols);

// MARK: Optimizer (optimizer.c)

/// One step of AdamW (decoupled decay) on the gradient ĝ = gscale g:
///
///     m = beta1 m + (1 - beta1) ĝ
///     v = beta2 v + (1 - beta2) ĝ²
///     p = p - lr weight_decay p - lr / bias1 · m / (√v / √bias2 + eps)
///
/// bias1 = 1 - beta1ᵗ and bias2 = 1 - beta2ᵗ at step t ≥ 1. Raise the betas after rounding
/// them to float: in `1 - beta2` the rounding of 0.999 shows in the fifth digit.
void ck_adamw(float *restrict p, float *restrict m, float *restrict v, const float *restrict g,
              float gscale, float lr, float beta1, float beta2, float eps, float weight_decay,
              float bias1, float bias2, ptrdiff_t n);
/// One step of Adam on the gradient ĝ = gscale g + weight_decay p, with m, v, bias1 and bias2 as
/// above:
///
///     p = p - lr / bias1 · m / (√v / √bias2 + eps)
void ck_adam(float *restrict p, float *restrict m, float *restrict v, const float *restrict g,
             float gscale, float lr, float beta1, float beta2, float eps, float weight_decay,
             float bias1, float bias2, ptrdiff_t n);
/// One step of SGD with momentum on the gradient ĝ = gscale g + weight_decay p:
///
///     m = momentum m + ĝ
///     p = p - lr m, or, with nesterov, p - lr (ĝ + momentum m)
void ck_sgd(float *restrict p, float *restrict m, const float *restrict g, float gscale,
            float lr, float momentum, int nesterov, float weight_decay, ptrdiff_t n);
/// One step of Lion (decoupled decay) on the gradient ĝ = gscale g; sign 0 = 0:
///
///     p = p - lr weight_decay p - lr sign(beta1 m + (1 - beta1) ĝ)
///     m = beta2 m + (1 - beta2) ĝ
void ck_lion(float *restrict p, float *restrict m, const float *restrict g, float gscale,
             float lr, float beta1, float beta2, float weight_decay, ptrdiff_t n);
/// out = (1 - t) out + t x for 0 ≤ t ≤ 1; where x = out, and at either end, exactly.
void ck_lerp(float *restrict out, const float *restrict x, float t, ptrdiff_t n);
/// x = min(max(x, -bound), bound)
void ck_clamp(float *x, float bound, ptrdiff_t n);

// MARK: Pixels (pixels.c, affine.c): rows of bytes, three to a pixel
// Every level gives the same bytes.

/// out = a + factor (b - a), cut to 0 … 255 and truncated. In place: out and a or b.
void ck_blend(uint8_t *out, const uint8_t *a, const uint8_t *b, float factor, ptrdiff_t n);
/// The blend of each pixel's gray value (0) and the pixel (1). In place: out and in.
void ck_saturate(uint8_t *out, const uint8_t *in, float factor, ptrdiff_t pixels);
/// Σ of the gray values (ITU-R 601, 16 fractional bits) of the pixels.
int64_t ck_luma_sum(const uint8_t *in, ptrdiff_t pixels);
/// A 3 × 3 mean in which the middle counts five times, rounded; rows are `stride` bytes apart, and
/// a pixel to each side and the rows above and below are read.
void ck_smooth(uint8_t *restrict out, const uint8_t *in, ptrdiff_t stride, ptrdiff_t n);
/// out[i] = (weight Σ in[i ± k step] + edge (in[i - (radius + 1) step] + in[i + (radius + 1) step])
/// + ½) / 2²⁴, k up to radius: a box whose ends count for less.
void ck_box(uint8_t *restrict out, const uint8_t *restrict in, ptrdiff_t step, ptrdiff_t radius,
            uint32_t weight, uint32_t edge, ptrdiff_t n);
/// Row `y` of an image whose pixel (x, y) is taken from (a₀ x + a₁ y + a₂, a₃ x + a₄ y + a₅), all
/// of them centres, by interpolating among 2 × 2 pixels or 4 × 4 (cubic), truncated. What comes
/// from outside of width × height is left alone.
///
/// Two pixels around the image at `in`, and four bytes after them, must be readable. The sums are
/// in single precision, and in double where that could show.
void ck_affine_row(uint8_t *restrict out, const uint8_t *restrict in, ptrdiff_t stride,
                   ptrdiff_t width, ptrdiff_t height, const double a[6], double y, int cubic,
                   ptrdiff_t n);

// MARK: Resampling of 8-bit pixels (resample.c): three bytes to a pixel, rows `stride` bytes apart.
// Sums are exact in 22 fractional bits, rounded half up and cut to 0 … 255: the same bytes at every
// level, while a sum stays within 2³¹.

/// Which source pixels make a target pixel: target i is the sum over k < counts[i] of
/// weights[i * stride + k] times source starts[i] + k.
typedef struct {
  ptrdiff_t count;
  ptrdiff_t stride;
  const int32_t *starts;
  const int32_t *counts;
  const int32_t *weights;
} ck_resampling;

/// Rows that are transposed at a time.
#define CK_RESAMPLE_ROWS 16

/// Along each row: x [rows, cols, 3] → out [rows, taps, 3], dense.
///
/// scratch: 3 · CK_RESAMPLE_ROWS · (cols + taps->count) bytes.
void ck_resample_rows(uint8_t *restrict out, const uint8_t *restrict x, ptrdiff_t stride,
                      ptrdiff_t rows, ptrdiff_t cols, const ck_resampling *restrict taps,
                      uint8_t *restrict scratch);
/// Along each column: x [rows, cols, 3] → out [taps, cols, 3], dense.
void ck_resample_columns(uint8_t *restrict out, const uint8_t *restrict x, ptrdiff_t stride,
                         ptrdiff_t cols, const ck_resampling *restrict taps);
