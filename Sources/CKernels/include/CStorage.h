#pragma once

#include <stdbool.h>
#include <stddef.h>

// The memory of a tensor, which Swift counts the references of as it does an object's: floats on a
// cache-line boundary, behind a line that holds the count. Both come from a pool, so that a tensor
// is no allocation. (Swift's own objects come from the system's allocator, each time.)

/// A reference to floats; `ck_storage_elements` says where they are.
typedef struct __attribute__((swift_attr("import_reference"),
                              swift_attr("retain:ck_storage_retain"),
                              swift_attr("release:ck_storage_release"))) ck_storage ck_storage;

/// Uninitialised room for `capacity` floats, which belongs to a class of sizes (below 256) that all
/// have this capacity; NULL without memory.
ck_storage *_Nullable ck_storage_make(int size_class, ptrdiff_t capacity)
    __attribute__((swift_attr("returns_retained")));

/// Floats of someone else's, which are read and never written, and stay until `end` is called with
/// `owner` (if it is not NULL), when the last reference goes; NULL without memory.
typedef void ck_storage_release_fn(void *_Nullable owner);
ck_storage *_Nullable ck_storage_borrow(const float *_Nonnull elements, void *_Nullable owner,
                                        ck_storage_release_fn *_Nullable end)
    __attribute__((swift_attr("returns_retained")));

/// One more reference. (Swift asks for one to nil, too, when it copies an optional.)
void ck_storage_retain(ck_storage *_Nullable storage);
/// One less; with the last the memory returns to the pool.
void ck_storage_release(ck_storage *_Nullable storage);

float *_Nonnull ck_storage_elements(ck_storage *_Nonnull storage);

/// Whether `*storage` is the only reference to floats that may be written: never if they are
/// borrowed.
///
/// It takes the variable and not its value: so the compiler must have counted the reference that
/// the variable is, and cannot know that the variable is only looked at.
bool ck_storage_is_unique(ck_storage *_Nonnull *_Nonnull storage);
/// Whether `*storage` is the only reference, to borrowed floats too.
bool ck_storage_is_last(ck_storage *_Nonnull *_Nonnull storage);

/// How many times memory came from the system.
ptrdiff_t ck_storage_made(void);

// A dry run: the storage that a thread makes meanwhile is address space alone, which costs memory
// only where someone writes to it. How much is in use at a time is counted.

/// Whether storage was made in a dry run, so that nothing is in it.
bool ck_storage_is_dry(const ck_storage *_Nonnull storage);

/// Begins a dry run of this thread, known by `run`.
void ck_dry_run_begin(void *_Nonnull run);
/// Ends the dry run of this thread, or interrupts it, and returns what it is known by.
void *_Nullable ck_dry_run_end(void);
/// Resumes a dry run that was interrupted, with its counts.
void ck_dry_run_resume(void *_Nullable run);
/// The dry run of this thread; NULL outside of one.
void *_Nullable ck_dry_run(void);
/// The bytes of storage in use, which the next peak is then counted from.
ptrdiff_t ck_dry_run_bytes(void);
/// The most bytes in use at a time.
ptrdiff_t ck_dry_run_peak(void);
