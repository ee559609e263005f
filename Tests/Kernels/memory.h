#pragma once

#include <stddef.h>

/// Memory for exactly `bytes`, until `release`. Whoever reads or writes behind its end is stopped:
/// by AddressSanitizer, or without it by a page that cannot be touched. What was written before its
/// start is found by `release` at the latest, which then ends the program.
void *take(size_t bytes);
/// Frees all that was taken.
void release(void);
