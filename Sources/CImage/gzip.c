#include "gzip.h"

#include <string.h>
#include <zlib.h>

enum { CHUNK = 1 << 30 };  // zlib counts in unsigned int

static uInt chunk(size_t n) { return n > CHUNK ? CHUNK : (uInt)n; }

int ci_gunzip(const uint8_t *in, size_t n, uint8_t *out, size_t capacity, size_t *written) {
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  *written = 0;
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return 3;  // 16: a gzip header and its checksum
  size_t read = 0, done = 0;
  uint8_t past;  // where a byte too many would go, so that it is seen
  int result = 2;
  for (;;) {
    int full = done == capacity;
    uInt give = chunk(n - read), room = full ? 1 : chunk(capacity - done);
    stream.next_in = (Bytef *)(in + read);
    stream.avail_in = give;
    stream.next_out = full ? &past : out + done;
    stream.avail_out = room;
    int status = inflate(&stream, Z_NO_FLUSH);
    size_t took = give - stream.avail_in, gave = room - stream.avail_out;
    read += took;
    if (full && gave > 0) {
      result = 1;
      break;
    }
    done += gave;
    if (status == Z_STREAM_END) {
      if (read == n) {
        *written = done;
        result = 0;
        break;
      }
      if (inflateReset(&stream) != Z_OK) break;  // another member
    } else if (status == Z_MEM_ERROR) {
      result = 3;
      break;
    } else if (status != Z_OK || (took == 0 && gave == 0)) {
      break;  // damaged, or the input is at its end and the stream is not
    }
  }
  inflateEnd(&stream);
  return result;
}
