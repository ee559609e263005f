#include "CMPI.h"

#if defined(CONVIT_MPI)
#include <mpi.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

static const char *text(int code) {
  static char message[MPI_MAX_ERROR_STRING];
  int length = 0;
  if (code == MPI_SUCCESS) return NULL;
  if (MPI_Error_string(code, message, &length) != MPI_SUCCESS) return "an error without a name";
  return message;
}

// Waits as one does who may have a core's work beside it: looks again and again at first, then lets
// others run, and sleeps when the wait is long, as while rank 0 writes a checkpoint.
static int wait_for(MPI_Request *requests, int number) {
  for (long tries = 0;; tries++) {
    int is_done = 0;
    const int code = MPI_Testall(number, requests, &is_done, MPI_STATUSES_IGNORE);
    if (code != MPI_SUCCESS || is_done) return code;
    if (tries > 20000) {
      nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    } else if (tries > 200) {
      sched_yield();
    }
  }
}

const char *cmpi_start(int *rank, int *count, const char **library) {
  static char name[MPI_MAX_LIBRARY_VERSION_STRING];
  int provided, length;
  int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  if (code == MPI_SUCCESS) code = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (code == MPI_SUCCESS) code = MPI_Comm_rank(MPI_COMM_WORLD, rank);
  if (code == MPI_SUCCESS) code = MPI_Comm_size(MPI_COMM_WORLD, count);
  if (code == MPI_SUCCESS) code = MPI_Get_library_version(name, &length);
  *library = name;
  return text(code);
}

const char *cmpi_gather(const void *own, int size, void *all) {
  MPI_Request request;
  int code =
      MPI_Iallgather(own, size, MPI_BYTE, all, size, MPI_BYTE, MPI_COMM_WORLD, &request);
  if (code == MPI_SUCCESS) code = wait_for(&request, 1);
  return text(code);
}

const char *cmpi_gather_varied(
    const void *own, int size, void *all, const int *sizes, const int *offsets) {
  MPI_Request request;
  int code = MPI_Iallgatherv(
      own, size, MPI_BYTE, all, sizes, offsets, MPI_BYTE, MPI_COMM_WORLD, &request);
  if (code == MPI_SUCCESS) code = wait_for(&request, 1);
  return text(code);
}

const char *cmpi_sum(float *const *buffers, const int *lengths, int number) {
  MPI_Request *requests = malloc((size_t)(number > 0 ? number : 1) * sizeof *requests);
  if (requests == NULL) return "out of memory";
  int code = MPI_SUCCESS, begun = 0;
  while (begun < number && code == MPI_SUCCESS) {
    code = MPI_Iallreduce(
        MPI_IN_PLACE, buffers[begun], lengths[begun], MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD,
        &requests[begun]);
    begun++;
  }
  if (code == MPI_SUCCESS) code = wait_for(requests, number);
  free(requests);
  return text(code);
}

void cmpi_finish(void) { MPI_Finalize(); }
#endif
