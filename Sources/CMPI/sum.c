#include "shared.h"

#if defined(CONVIT_MPI)
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Numbers are summed in buckets. Of each, process i sums the i-th part: it gets that part from all
// others, adds what they sent in the order of ranks, so that the bits depend on nothing but their
// number, and sends the sum to all. That is the least that can be sent, 2 (n - 1) / n of the
// numbers each, in two messages' time. Some buckets are under way at once, in an order that all
// share, as MPI wants it.
enum { BUCKET = 1 << 20, GATHERING = 2, ENDING = 4, AT_ONCE = ENDING + 1 };

struct bucket {
  float *own, *received;
  int length;
  // For each process; MPI reads them until the request is done.
  int *sizes, *offsets, *received_sizes, *received_offsets;
  MPI_Request request;
};

struct sums {
  float *const *buffers;
  const int *lengths;
  int number, rank, count;
  // Where packing and unpacking have come to: a buffer, and a place in it.
  int packed, packed_at, unpacked, unpacked_at;
  struct bucket buckets[AT_ONCE];
};

static int part(int length, int index, int count) {
  return (int)((long long)length * index / count);
}

// Copies numbers between a bucket and the buffers, from where the last copy ended.
static int copy(struct sums *sums, float *bucket, int limit, bool is_packing) {
  int *buffer = is_packing ? &sums->packed : &sums->unpacked;
  int *at = is_packing ? &sums->packed_at : &sums->unpacked_at;
  int done = 0;
  while (done < limit && *buffer < sums->number) {
    const int left = sums->lengths[*buffer] - *at;
    const int length = left < limit - done ? left : limit - done;
    float *place = sums->buffers[*buffer] + *at;
    if (is_packing) {
      memcpy(bucket + done, place, (size_t)length * sizeof *place);
    } else {
      memcpy(place, bucket + done, (size_t)length * sizeof *place);
    }
    done += length;
    *at += length;
    if (*at == sums->lengths[*buffer]) {
      ++*buffer;
      *at = 0;
    }
  }
  return done;
}

static int scatter(struct sums *sums, struct bucket *bucket) {
  bucket->length = copy(sums, bucket->own, BUCKET, true);
  for (int i = 0; i < sums->count; i++) {
    bucket->offsets[i] = part(bucket->length, i, sums->count);
    bucket->sizes[i] = part(bucket->length, i + 1, sums->count) - bucket->offsets[i];
  }
  const int own = bucket->sizes[sums->rank];
  for (int i = 0; i < sums->count; i++) {
    bucket->received_sizes[i] = own;
    bucket->received_offsets[i] = i * own;
  }
  return MPI_Ialltoallv(
      bucket->own, bucket->sizes, bucket->offsets, MPI_FLOAT, bucket->received,
      bucket->received_sizes, bucket->received_offsets, MPI_FLOAT, MPI_COMM_WORLD,
      &bucket->request);
}

static int gather(struct sums *sums, struct bucket *bucket) {
  const int code = cmpi_wait(&bucket->request, 1);
  if (code != MPI_SUCCESS) return code;
  const int length = bucket->sizes[sums->rank];
  float *out = bucket->own + bucket->offsets[sums->rank];
  memcpy(out, bucket->received, (size_t)length * sizeof *out);
  for (int other = 1; other < sums->count; other++) {
    const float *terms = bucket->received + (size_t)other * (size_t)length;
    for (int i = 0; i < length; i++) out[i] += terms[i];
  }
  return MPI_Iallgatherv(
      MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, bucket->own, bucket->sizes, bucket->offsets, MPI_FLOAT,
      MPI_COMM_WORLD, &bucket->request);
}

static int end(struct sums *sums, struct bucket *bucket) {
  const int code = cmpi_wait(&bucket->request, 1);
  if (code == MPI_SUCCESS) copy(sums, bucket->own, bucket->length, false);
  return code;
}

static int sum(struct sums *sums) {
  long long all = 0;
  for (int i = 0; i < sums->number; i++) all += sums->lengths[i];
  const int buckets = (int)((all + BUCKET - 1) / BUCKET);
  int code = MPI_SUCCESS;
  for (int i = 0; i < buckets + ENDING && code == MPI_SUCCESS; i++) {
    if (i < buckets) code = scatter(sums, &sums->buckets[i % AT_ONCE]);
    const int gathering = i - GATHERING, ending = i - ENDING;
    if (code == MPI_SUCCESS && gathering >= 0 && gathering < buckets)
      code = gather(sums, &sums->buckets[gathering % AT_ONCE]);
    if (code == MPI_SUCCESS && ending >= 0) code = end(sums, &sums->buckets[ending % AT_ONCE]);
  }
  return code;
}

const char *cmpi_sum(float *const *buffers, const int *lengths, int number) {
  struct sums sums = {.buffers = buffers, .lengths = lengths, .number = number};
  MPI_Comm_rank(MPI_COMM_WORLD, &sums.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &sums.count);
  // The longest of the parts that a process sums, from each of all.
  const size_t received = (size_t)(BUCKET / sums.count + 1) * (size_t)sums.count;
  static float *memory = NULL;  // of all calls, as the system takes its time to give it
  if (memory == NULL) memory = malloc((BUCKET + received) * AT_ONCE * sizeof *memory);
  int *places = malloc(4 * AT_ONCE * (size_t)sums.count * sizeof *places);
  int code = MPI_ERR_NO_MEM;
  if (memory != NULL && places != NULL) {
    for (int i = 0; i < AT_ONCE; i++) {
      int *const own = places + (size_t)i * 4 * (size_t)sums.count;
      sums.buckets[i] = (struct bucket){
          .own = memory + (size_t)i * (BUCKET + received),
          .received = memory + (size_t)i * (BUCKET + received) + BUCKET,
          .sizes = own,
          .offsets = own + sums.count,
          .received_sizes = own + 2 * sums.count,
          .received_offsets = own + 3 * sums.count,
      };
    }
    code = sum(&sums);
  }
  // After an error MPI may still read them, and the process ends.
  if (code == MPI_SUCCESS) free(places);
  return cmpi_text(code);
}
#endif
