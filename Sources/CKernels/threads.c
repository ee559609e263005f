#define _GNU_SOURCE
#include "CKernels.h"

#if defined(__linux__)
#include <sched.h>

void ck_pin_thread(ptrdiff_t processor) {
  cpu_set_t own;
  CPU_ZERO(&own);
  CPU_SET(processor, &own);
  sched_setaffinity(0, sizeof own, &own);
}

ptrdiff_t ck_processor_limit(void) { return CPU_SETSIZE; }

bool ck_processor_is_allowed(ptrdiff_t index) {
  cpu_set_t allowed;
  return sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_ISSET(index, &allowed);
}
#else
ptrdiff_t ck_processor_limit(void) { return 0; }

bool ck_processor_is_allowed(ptrdiff_t index) {
  (void)index;
  return false;
}

void ck_pin_thread(ptrdiff_t processor) { (void)processor; }
#endif
