#include "shared.h"

#if defined(CONVIT_MPI)
#include <sched.h>
#include <stdbool.h>
#include <time.h>

const char *const cmpi_gave_up = "the others have not answered";
static double (*patience)(void *);
static void *context;
static bool has_given_up = false;  // for good: the ranks are no longer in step

const char *cmpi_text(int code) {
  static char message[MPI_MAX_ERROR_STRING];
  int length = 0;
  if (code == MPI_SUCCESS) return NULL;
  if (code == GAVE_UP) return cmpi_gave_up;
  if (MPI_Error_string(code, message, &length) != MPI_SUCCESS) return "an error without a name";
  return message;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// Looks again and again at first, as most waits are short, then lets others run, and sleeps between
// two looks when the wait is long: there may be as many processes as processors, or more.
int cmpi_wait(MPI_Request *requests, int number) {
  double begin = 0;
  if (has_given_up) return GAVE_UP;
  for (long tries = 0;; tries++) {
    int is_done = 0;
    const int code = MPI_Testall(number, requests, &is_done, MPI_STATUSES_IGNORE);
    if (code != MPI_SUCCESS || is_done) return code;
    if (tries > 400) {
      if (begin == 0) begin = now();
      if (tries % 1000 == 0 && now() - begin > patience(context)) {
        has_given_up = true;
        return GAVE_UP;
      }
      nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    } else if (tries > 100) {
      sched_yield();
    }
  }
}

const char *cmpi_start(
    int *rank, int *count, const char **library, double (*asked)(void *), void *of) {
  static char name[MPI_MAX_LIBRARY_VERSION_STRING];
  int provided, length;
  patience = asked;
  context = of;
  int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
  if (code == MPI_SUCCESS) code = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (code == MPI_SUCCESS) code = MPI_Comm_rank(MPI_COMM_WORLD, rank);
  if (code == MPI_SUCCESS) code = MPI_Comm_size(MPI_COMM_WORLD, count);
  if (code == MPI_SUCCESS) code = MPI_Get_library_version(name, &length);
  *library = name;
  return cmpi_text(code);
}

const char *cmpi_gather(const void *own, int size, void *all) {
  MPI_Request request;
  int code =
      MPI_Iallgather(own, size, MPI_BYTE, all, size, MPI_BYTE, MPI_COMM_WORLD, &request);
  if (code == MPI_SUCCESS) code = cmpi_wait(&request, 1);
  return cmpi_text(code);
}

const char *cmpi_gather_varied(
    const void *own, int size, void *all, const int *sizes, const int *offsets) {
  MPI_Request request;
  int code = MPI_Iallgatherv(
      own, size, MPI_BYTE, all, sizes, offsets, MPI_BYTE, MPI_COMM_WORLD, &request);
  if (code == MPI_SUCCESS) code = cmpi_wait(&request, 1);
  return cmpi_text(code);
}

// MPI_Finalize waits for the others without an end: it is called when all are on their way to it.
// The launcher ends those that are left when a process has ended without it.
void cmpi_finish(void) {
  MPI_Request request;
  if (has_given_up || MPI_Ibarrier(MPI_COMM_WORLD, &request) != MPI_SUCCESS) return;
  if (cmpi_wait(&request, 1) == MPI_SUCCESS) MPI_Finalize();
}
#endif
