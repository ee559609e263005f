#include "products.h"

#if defined(CK_X86_64)
// Matrix products for processors with AVX-512, of floats and of bfloat16. A tile is 8 rows by 3
// vectors of columns: 24 sums, which leaves registers for the 3 vectors of the second operand and
// hides the latency of the products twice over.
//
// bf16 is named here although the functions serve floats as well, as one can be inlined in another
// of the same target only. None of its instructions is used unless precision is CK_BFLOAT16.
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))
#include "avx512.h"

#define TILE_ROWS_ARE_8 1
enum { TILE_ROWS = 8, TILE_VECTORS = 3, ROW_PANEL = 16 };
enum { INNER = 448, BLOCK = 180000, ROWS = 128, SHORT = 256 };

#include "product_blocks.h"

CK_PRODUCTS(ck_products_avx512, "AVX-512", CK_FLOAT32, ck_chosen_level >= CK_X86_64_V4)
CK_PRODUCTS(
    ck_products_avx512_bf16, "AVX-512 BF16", CK_BFLOAT16,
    ck_chosen_level >= CK_X86_64_V4 && __builtin_cpu_supports("avx512bf16"))
#endif
