// What the files of this target share.
#pragma once

#include "CMPI.h"

#if defined(CONVIT_MPI)
#include <mpi.h>

/// What MPI calls an error; null for none.
const char *cmpi_text(int code);

/// Waits until all requests are done.
int cmpi_wait(MPI_Request *requests, int number);
#endif
