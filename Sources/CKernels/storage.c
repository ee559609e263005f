#include "CStorage.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { LINE = 64, LARGE_PAGE = 2 << 20, CLASSES = 256, DRY = -1, BORROWED = -2 };

struct ck_storage {
  _Alignas(LINE) atomic_ptrdiff_t references;
  float *elements;  // right behind, unless they are borrowed
  int size_class;
  union {
    ck_storage *next;            // among the unused ones of its class
    size_t bytes;                // of a dry run's
    ck_storage_release_fn *end;  // of borrowed floats
  };
  union {
    size_t dry_run;  // the number of that which made it
    void *owner;     // what `end` is called with
  };
};
_Static_assert(sizeof(ck_storage) == LINE, "the floats start on a cache line");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ck_storage *unused[CLASSES];
static ptrdiff_t made;
static atomic_size_t dry_runs;
static _Thread_local struct {
  void *run;
  size_t number;
  ptrdiff_t bytes, peak;
} dry;

static ck_storage *dry_storage(size_t bytes) {
  ck_storage *storage = mmap(
      NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (storage == MAP_FAILED) return NULL;
#ifdef MADV_NOHUGEPAGE
  madvise(storage, bytes, MADV_NOHUGEPAGE);  // of the count's page alone there is memory
#endif
  storage->elements = (float *)(storage + 1);
  storage->size_class = DRY;
  storage->bytes = bytes;
  storage->dry_run = dry.number;
  dry.bytes += (ptrdiff_t)bytes;
  if (dry.bytes > dry.peak) dry.peak = dry.bytes;
  atomic_init(&storage->references, 1);
  return storage;
}

ck_storage *ck_storage_make(int size_class, ptrdiff_t capacity) {
  if (capacity > (ptrdiff_t)((PTRDIFF_MAX - LINE) / sizeof(float))) return NULL;
  const size_t bytes = LINE + (size_t)capacity * sizeof(float);
  if (dry.run) return dry_storage(bytes);
  pthread_mutex_lock(&lock);
  ck_storage *storage = unused[size_class];
  if (storage) {
    unused[size_class] = storage->next;
  } else {
    made++;
  }
  pthread_mutex_unlock(&lock);
  if (!storage) {
    void *memory = NULL;
    if (posix_memalign(&memory, bytes < LARGE_PAGE ? LINE : LARGE_PAGE, bytes) != 0) return NULL;
#ifdef MADV_HUGEPAGE
    // Fewer page faults and misses of the TLB; it is advice, which the system need not take.
    if (bytes >= LARGE_PAGE) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    storage = memory;
    storage->elements = (float *)(storage + 1);
    storage->size_class = size_class;
  }
  atomic_init(&storage->references, 1);
  return storage;
}

ck_storage *ck_storage_borrow(const float *elements, void *owner, ck_storage_release_fn *end) {
  void *memory = NULL;
  if (posix_memalign(&memory, LINE, sizeof(ck_storage)) != 0) return NULL;
  ck_storage *storage = memory;
  storage->elements = (float *)elements;  // not written to: never the only reference
  storage->size_class = BORROWED;
  storage->owner = owner;
  storage->end = end;
  atomic_init(&storage->references, 1);
  return storage;
}

void ck_storage_retain(ck_storage *storage) {
  if (!storage) return;
  atomic_fetch_add_explicit(&storage->references, 1, memory_order_relaxed);
}

void ck_storage_release(ck_storage *storage) {
  if (!storage) return;
  if (atomic_fetch_sub_explicit(&storage->references, 1, memory_order_acq_rel) > 1) return;
  if (storage->size_class == DRY) {
    if (storage->dry_run == dry.number) dry.bytes -= (ptrdiff_t)storage->bytes;
    munmap(storage, storage->bytes);
    return;
  }
  if (storage->size_class == BORROWED) {
    if (storage->end) storage->end(storage->owner);
    free(storage);
    return;
  }
  pthread_mutex_lock(&lock);
  storage->next = unused[storage->size_class];
  unused[storage->size_class] = storage;
  pthread_mutex_unlock(&lock);
}

float *ck_storage_elements(ck_storage *storage) { return storage->elements; }

bool ck_storage_is_unique(ck_storage **storage) {
  return (*storage)->size_class != BORROWED && ck_storage_is_last(storage);
}

bool ck_storage_is_last(ck_storage **storage) {
  return atomic_load_explicit(&(*storage)->references, memory_order_acquire) == 1;
}

ptrdiff_t ck_storage_made(void) {
  pthread_mutex_lock(&lock);
  const ptrdiff_t count = made;
  pthread_mutex_unlock(&lock);
  return count;
}

bool ck_storage_is_dry(const ck_storage *storage) { return storage->size_class == DRY; }

void ck_dry_run_begin(void *run) {
  dry.run = run;
  dry.number = atomic_fetch_add(&dry_runs, 1) + 1;
  dry.bytes = dry.peak = 0;
}

void *ck_dry_run_end(void) {
  void *run = dry.run;
  dry.run = NULL;
  return run;
}

void ck_dry_run_resume(void *run) { dry.run = run; }

void *ck_dry_run(void) { return dry.run; }

ptrdiff_t ck_dry_run_bytes(void) { return dry.peak = dry.bytes; }

ptrdiff_t ck_dry_run_peak(void) { return dry.peak; }
