#pragma once

#include <string.h>  // defines __GLIBC__

#include "CKernels.h"
#include "CProducts.h"

// For tests: every kernel of each level by name, ck_exp_v4, ck_exp_v3 and ck_exp_baseline. Where
// there is one level only, all three names are that one function.

#define CK_TEXT(x) CK_TEXT_OF(x)
#define CK_TEXT_OF(x) #x

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define CK_SYMBOL(name)
#else
#define CK_SYMBOL(name) __asm__(CK_TEXT(__USER_LABEL_PREFIX__) #name)
#endif

#define CK_LEVELS(name) \
  extern __typeof__(name) name##_v4 CK_SYMBOL(name); \
  extern __typeof__(name) name##_v3 CK_SYMBOL(name); \
  extern __typeof__(name) name##_baseline CK_SYMBOL(name);

CK_LEVELS(ck_add)
CK_LEVELS(ck_sub)
CK_LEVELS(ck_mul)
CK_LEVELS(ck_div)
CK_LEVELS(ck_fill)
CK_LEVELS(ck_round_bfloat16)
CK_LEVELS(ck_scale)
CK_LEVELS(ck_axpy)
CK_LEVELS(ck_add_scalar)
CK_LEVELS(ck_relu)
CK_LEVELS(ck_square)
CK_LEVELS(ck_sqrt)
CK_LEVELS(ck_add_row)
CK_LEVELS(ck_add_bias)
CK_LEVELS(ck_sum_rows)
CK_LEVELS(ck_sum)
CK_LEVELS(ck_dot)
CK_LEVELS(ck_entropy)
CK_LEVELS(ck_sum_squares)
CK_LEVELS(ck_all_finite)
CK_LEVELS(ck_exp)
CK_LEVELS(ck_sigmoid)
CK_LEVELS(ck_tanh)
CK_LEVELS(ck_gelu)
CK_LEVELS(ck_gelu_backward)
CK_LEVELS(ck_bias_gelu)
CK_LEVELS(ck_bias_gelu_backward)
CK_LEVELS(ck_softmax)
CK_LEVELS(ck_softmax_backward)
CK_LEVELS(ck_log_softmax)
CK_LEVELS(ck_log_softmax_backward)
CK_LEVELS(ck_layer_norm)
CK_LEVELS(ck_layer_norm_backward)
CK_LEVELS(ck_gated_softmax)
CK_LEVELS(ck_gated_softmax_backward)
CK_LEVELS(ck_softmax_block)
CK_LEVELS(ck_softmax_end)
CK_LEVELS(ck_softmax_block_backward)
CK_LEVELS(ck_adamw)
CK_LEVELS(ck_adam)
CK_LEVELS(ck_sgd)
CK_LEVELS(ck_lion)
CK_LEVELS(ck_lerp)
CK_LEVELS(ck_clamp)
CK_LEVELS(ck_blend)
CK_LEVELS(ck_saturate)
CK_LEVELS(ck_luma_sum)
CK_LEVELS(ck_smooth)
CK_LEVELS(ck_box)
CK_LEVELS(ck_affine_row)
CK_LEVELS(ck_resample_rows)
CK_LEVELS(ck_resample_columns)
#undef CK_LEVELS
#undef CK_SYMBOL
