// One HTTP request by libcurl, which is looked for when the first one is made.
//
// It is C because libcurl takes its options as variable arguments. The library is not linked, so
// that a build needs no headers of it and commands that fetch nothing do not load it; a Swift
// toolchain for Linux installs it. Numbers of options are part of its stable binary interface.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bytes of the message buffer, the terminating zero included (CURL_ERROR_SIZE).
#define CTRANSFER_MESSAGE_SIZE 256

typedef enum {
  CTRANSFER_OK = 0,
  CTRANSFER_FAILED,      // the network or the server; worth another try
  CTRANSFER_REFUSED,     // no name of that kind, no trust in the server's certificate
  CTRANSFER_STOPPED,     // a callback said so
  CTRANSFER_NO_LIBRARY,
} CTransferStatus;

typedef struct {
  const char *address;
  const char *const *fields;  // lines of the request's header; NULL ends them
  const char *agent;
  int plain;                  // http instead of https, without a proxy: for loopback
  long connect_seconds;
  long stall_seconds;         // without a byte
  void *context;
  // A line of the answer's header and a piece of its body. Another number than `size * count`
  // stops the transfer.
  size_t (*header)(char *bytes, size_t size, size_t count, void *context);
  size_t (*body)(char *bytes, size_t size, size_t count, void *context);
  // Asked about every second, and after every piece; another number than 0 stops the transfer.
  int (*progress)(void *context, int64_t total, int64_t now, int64_t, int64_t);
} CTransferRequest;

// Makes a GET request. Redirects are not followed, and the status of the answer is no failure.
// Any number of threads may call it at once.
CTransferStatus ctransfer_get(const CTransferRequest *request, char *message);

#ifdef __cplusplus
}
#endif
