#pragma once

// The one function of BLAS that is used, from whatever library serves as libblas on the machine
// (OpenBLAS, BLIS, MKL: Debian's alternatives choose). Declared here, as the libraries' own headers
// are in different places and say more than BLAS.

enum { CblasRowMajor = 101, CblasNoTrans = 111, CblasTrans = 112 };

// C = alpha op(A) op(B) + beta C with op(A) [m, k], op(B) [k, n], C [m, n].
void cblas_sgemm(
    int order, int transA, int transB, int m, int n, int k, float alpha, const float *a, int lda,
    const float *b, int ldb, float beta, float *c, int ldc);
