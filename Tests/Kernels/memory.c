#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LARGEST_COUNT = 1024, CANARY = 0xa5 };

/// A piece and the memory around it, of which `slack` bytes before the piece can be touched.
static struct {
  unsigned char *start, *piece;
  size_t slack, bytes;
} taken[LARGEST_COUNT];
static int count;

static void fail(const char *text) {
  fprintf(stderr, "memory: %s\n", text);
  abort();
}

void *take(size_t bytes) {
  if (count == LARGEST_COUNT) fail("too many pieces");
#if __has_feature(address_sanitizer)
  unsigned char *piece = malloc(bytes), *start = piece;
  const size_t slack = 0;
  if (!piece) fail("there is none");
#else
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t inside = (bytes + page - 1) / page * page, slack = inside - bytes;
  unsigned char *start =
      mmap(NULL, inside + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED ||
      (inside > 0 && mprotect(start + page, inside, PROT_READ | PROT_WRITE) != 0)) {
    fail("there is none");
  }
  unsigned char *piece = start + page + slack;
  memset(piece - slack, CANARY, slack);
  bytes = inside + 2 * page;
#endif
  taken[count].start = start;
  taken[count].piece = piece;
  taken[count].slack = slack;
  taken[count++].bytes = bytes;
  return piece;
}

void release(void) {
  while (count > 0) {
    count--;
    for (size_t i = 1; i <= taken[count].slack; i++) {
      if (taken[count].piece[-(ptrdiff_t)i] != CANARY) fail("written before the start");
    }
#if __has_feature(address_sanitizer)
    free(taken[count].start);
#else
    munmap(taken[count].start, taken[count].bytes);
#endif
  }
}
