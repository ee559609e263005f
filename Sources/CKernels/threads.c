#define _GNU_SOURCE
#include "CKernels.h"

#if defined(__linux__)
#include <sched.h>

void ck_pin_thread(ptrdiff_t index) {
  cpu_set_t allowed, own;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  const int count = CPU_COUNT(&allowed);
  if (count == 0) return;
  ptrdiff_t left = index % count;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed) || left-- > 0) continue;
    CPU_ZERO(&own);
    CPU_SET(cpu, &own);
    sched_setaffinity(0, sizeof own, &own);
    return;
  }
}
#else
void ck_pin_thread(ptrdiff_t index) { (void)index; }
#endif
