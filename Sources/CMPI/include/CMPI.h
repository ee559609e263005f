// The few calls of MPI that are made, behind functions that Swift can call: MPI's own constants are
// macros, and differ between libraries. All are for one thread, the one that started.
//
// Each returns null, or what MPI says has gone wrong, in memory of the next call.
#pragma once

/// Joins the processes that mpirun or srun has started; `library` is the name of the MPI library.
///
/// A call that has waited for others for longer than the seconds of `patience`, which is asked
/// again and again, gives up and returns `cmpi_gave_up`.
const char *cmpi_start(
    int *rank, int *count, const char **library, double (*patience)(void *), void *context);
extern const char *const cmpi_gave_up;

/// Each process's `size` bytes, one after the other in the order of ranks.
const char *cmpi_gather(const void *own, int size, void *all);

/// The same of any number of bytes each; process i's are `sizes[i]`, at `all + offsets[i]`.
const char *cmpi_gather_varied(
    const void *own, int size, void *all, const int *sizes, const int *offsets);

/// Adds up `number` buffers over all processes, in place, in the order of ranks.
const char *cmpi_sum(float *const *buffers, const int *lengths, int number);

/// Leaves the other processes, which all do; one that does not come is waited for as long as for an
/// answer.
void cmpi_finish(void);
