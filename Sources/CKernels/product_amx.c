#include "products.h"

#if defined(CK_X86_64)
// Matrix products of bfloat16 for processors with AMX (Intel's Xeon from the fourth generation on):
// an instruction multiplies 16 rows of 16 steps by 16 steps of 16 columns. A tile is two by two of
// its results, so that each operand that is loaded serves two of them: the fewest loads that eight
// registers allow.
#define TARGET \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma,amx-tile,amx-bf16")))
#include "avx512.h"

// A register is read whole, so that steps are filled up with zeros to MATRIX_STEPS.
#define STEPS_ARE_ALONG 1
#define MATRIX_STEPS 16
enum { TILE_ROWS = 32, TILE_VECTORS = 2, ROW_PANEL = 32 };
enum { INNER = 512, BLOCK = 180000, ROWS = 128, SHORT = 0 };

#define TILES "product_tile_amx.h"
#include "product_blocks.h"

CK_PRODUCTS(ck_products_amx, "AMX BF16", CK_BFLOAT16, ck_may_use_amx())
#endif
