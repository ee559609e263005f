#include "CTransfer.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

// The numbers of curl.h.
enum {
  OPTION_LOW_SPEED_LIMIT = 19,
  OPTION_LOW_SPEED_TIME = 20,
  OPTION_NOPROGRESS = 43,
  OPTION_CONNECTTIMEOUT = 78,
  OPTION_NOSIGNAL = 99,
  OPTION_PROTOCOLS = 181,
  OPTION_SUPPRESS_CONNECT_HEADERS = 265,
  OPTION_WRITEDATA = 10001,
  OPTION_URL = 10002,
  OPTION_PROXY = 10004,
  OPTION_ERRORBUFFER = 10010,
  OPTION_USERAGENT = 10018,
  OPTION_HTTPHEADER = 10023,
  OPTION_HEADERDATA = 10029,
  OPTION_XFERINFODATA = 10057,
  OPTION_WRITEFUNCTION = 20011,
  OPTION_HEADERFUNCTION = 20079,
  OPTION_XFERINFOFUNCTION = 20219,

  PROTOCOL_HTTP = 1,
  PROTOCOL_HTTPS = 2,
  GLOBAL_DEFAULT = 3,

  CODE_WRITE_ERROR = 23,
  CODE_ABORTED_BY_CALLBACK = 42,
};

typedef struct curl_slist List;

static struct {
  int (*global_init)(long);
  void *(*init)(void);
  int (*set)(void *, int, ...);
  int (*perform)(void *);
  void (*cleanup)(void *);
  const char *(*message)(int);
  List *(*append)(List *, const char *);
  void (*free_list)(List *);
  int is_ready;
} curl;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.4.dylib"};
  void *library = NULL;
  for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++) {
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  }
  if (!library) return;
  curl.global_init = (int (*)(long))dlsym(library, "curl_global_init");
  curl.init = (void *(*)(void))dlsym(library, "curl_easy_init");
  curl.set = (int (*)(void *, int, ...))dlsym(library, "curl_easy_setopt");
  curl.perform = (int (*)(void *))dlsym(library, "curl_easy_perform");
  curl.cleanup = (void (*)(void *))dlsym(library, "curl_easy_cleanup");
  curl.message = (const char *(*)(int))dlsym(library, "curl_easy_strerror");
  curl.append = (List *(*)(List *, const char *))dlsym(library, "curl_slist_append");
  curl.free_list = (void (*)(List *))dlsym(library, "curl_slist_free_all");
  curl.is_ready = curl.global_init && curl.init && curl.set && curl.perform && curl.cleanup &&
      curl.message && curl.append && curl.free_list && curl.global_init(GLOBAL_DEFAULT) == 0;
}

static CTransferStatus status_of(int code) {
  switch (code) {
    case 0: return CTRANSFER_OK;
    case CODE_WRITE_ERROR:
    case CODE_ABORTED_BY_CALLBACK: return CTRANSFER_STOPPED;
    case 1:   // protocol not supported
    case 3:   // malformed address
    case 5:   // no such proxy
    case 6:   // no such host
    case 51:  // the server is not who it should be
    case 58:  // trouble with a certificate of one's own
    case 60:  // no trust in the server's certificate
    case 77:  // no certificates to trust
      return CTRANSFER_REFUSED;
    default: return CTRANSFER_FAILED;
  }
}

CTransferStatus ctransfer_get(const CTransferRequest *request, char *message) {
  message[0] = 0;
  pthread_once(&once, load);
  void *handle = curl.is_ready ? curl.init() : NULL;
  if (!handle) return CTRANSFER_NO_LIBRARY;
  List *fields = NULL;
  for (const char *const *field = request->fields; *field; field++) {
    List *longer = curl.append(fields, *field);
    if (longer) fields = longer;
  }
  int failed = 0;
#define SET(option, value) failed |= curl.set(handle, option, value)
  SET(OPTION_ERRORBUFFER, message);
  SET(OPTION_URL, request->address);
  SET(OPTION_PROTOCOLS, (long)(request->plain ? PROTOCOL_HTTP : PROTOCOL_HTTPS));
  if (request->plain) SET(OPTION_PROXY, "");
  SET(OPTION_USERAGENT, request->agent);
  SET(OPTION_HTTPHEADER, fields);
  SET(OPTION_NOSIGNAL, 1L);
  SET(OPTION_SUPPRESS_CONNECT_HEADERS, 1L);
  SET(OPTION_CONNECTTIMEOUT, request->connect_seconds);
  SET(OPTION_LOW_SPEED_LIMIT, 1L);
  SET(OPTION_LOW_SPEED_TIME, request->stall_seconds);
  SET(OPTION_HEADERFUNCTION, request->header);
  SET(OPTION_HEADERDATA, request->context);
  SET(OPTION_WRITEFUNCTION, request->body);
  SET(OPTION_WRITEDATA, request->context);
  SET(OPTION_XFERINFOFUNCTION, request->progress);
  SET(OPTION_XFERINFODATA, request->context);
  SET(OPTION_NOPROGRESS, 0L);
#undef SET
  int code = failed ? 1 : curl.perform(handle);
  if (!message[0] && code) snprintf(message, CTRANSFER_MESSAGE_SIZE, "%s", curl.message(code));
  curl.free_list(fields);
  curl.cleanup(handle);
  return status_of(code);
}
