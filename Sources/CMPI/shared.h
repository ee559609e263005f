// What the files of this target share.
#pragma once

#include "CMPI.h"

#if defined(CONVIT_MPI)
#include <mpi.h>

/// What MPI calls an error, or `cmpi_gave_up`; null for none.
const char *cmpi_text(int code);

/// Waits until all requests are done, or patience has an end: then the code is GAVE_UP.
enum { GAVE_UP = -1 };
int cmpi_wait(MPI_Request *requests, int number);
#endif
