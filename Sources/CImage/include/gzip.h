#pragma once

#include <stddef.h>
#include <stdint.h>

/// Unpacks a gzip file (one or more members) of `n` bytes to at most `capacity` bytes at `out`.
///
/// Returns 0 and the number of bytes in `written`, or, with nothing to be relied on at `out`:
/// 1 when there is more than `capacity`, 2 when the file is damaged, cut off or not gzip,
/// 3 when there is no memory.
int ci_gunzip(const uint8_t *in, size_t n, uint8_t *out, size_t capacity, size_t *written);
