#include <stdlib.h>

#include "internal.h"

#if defined(CK_X86_64)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

static const char *const names[] = {
#if defined(CK_X86_64)
    "baseline", "x86-64-v3", "x86-64-v4", "x86-64-v4+amx",
#elif defined(__aarch64__)
    "neon",
#else
    "baseline",
#endif
};

ck_level_index ck_chosen_level = 0;

/// The highest level that the processor has, known before main.
static ck_level_index highest = 0;

#if defined(CK_X86_64)
// arch_prctl (Linux's Documentation/arch/x86/xstate.rst), and the number of the registers of AMX.
enum { GET_SUPPORTED = 0x1021, REQUEST = 0x1023, TILE_DATA = 18 };

/// Whether the processor has AMX for bfloat16, and the system lets processes ask for it.
static bool has_amx(void) {
  enum { BFLOAT16 = 1 << 22, TILES = 1 << 24 };
  unsigned a, b, c, d;
  uint64_t supported = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && d & BFLOAT16 && d & TILES &&
      __builtin_cpu_supports("avx512bf16") &&
      syscall(SYS_arch_prctl, GET_SUPPORTED, &supported) == 0 && supported >> TILE_DATA & 1;
}

bool ck_may_use_amx(void) {
  return ck_chosen_level >= CK_AMX && syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
}
#endif

static ck_level_index highest_level(void) {
#if defined(CK_X86_64)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return has_amx() ? CK_AMX : CK_X86_64_V4;
  if (__builtin_cpu_supports("x86-64-v3")) return CK_X86_64_V3;
#endif
  return 0;
}

bool ck_level_is_known(const char *name) {
  for (ck_level_index level = 0; level <= highest; level++) {
    if (strcmp(names[level], name) == 0) return true;
  }
  return false;
}

const char *ck_level_at(int index) { return index <= (int)highest ? names[index] : NULL; }

// Before main, so that no kernel has to ask whether this was done.
__attribute__((constructor)) static void choose(void) {
  const char *asked = getenv("CONVIT_LEVEL");
  ck_chosen_level = highest = highest_level();
  if (!asked || !ck_level_is_known(asked)) return;
  while (strcmp(names[ck_chosen_level], asked) != 0) ck_chosen_level--;
}

const char *ck_level(void) { return names[ck_chosen_level]; }
