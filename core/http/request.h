/* One request while it is handled: what came in, who sent it, what will be answered. Lives in its worker's arena. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "base/json.h"
#include "base/quota.h"
#include "http/http.h"
#include "http/media.h"
#include "http/params.h"
#include "http/path.h"
#include "http/query.h"
#include "http/router.h"
#include "http/trace.h"

enum { HTTP_ENTRIES = 200, HTTP_HEADERS = 32 };

/* Failures that handlers told of, in order; problem.c makes the document. */
struct http_problem {
    size_t count, total; /* kept, told */
    struct http_entry {
        enum bl_status status;
        const char *code, *pointer, *detail; /* pointer NULL: the request as a whole */
    } entries[HTTP_ENTRIES];
};

struct http_body {
    bool read;
    enum bl_status status; /* of reading it */
    const char *bytes;     /* NUL-terminated */
    size_t length;
    json_t *json;
};

struct http_response {
    int status; /* 0: not set yet */
    const char *media_type;
    size_t headers;
    struct {
        const char *name, *value;
    } header[HTTP_HEADERS];
    struct buf piece;                /* under way */
    struct http_piece *first, *last; /* full ones that must not leave yet */
    size_t length;                   /* of the body so far, whether it left or not */
    struct json json;
    bool json_started, head_sent;
    bool gone; /* the peer is */
    bool bad;  /* a header that cannot be sent was set */
};

struct http_transaction {
    enum { TX_NONE, TX_OPEN, TX_COMMITTED, TX_FAILED } state;
    bool ready, read_only;
    bool apart;                      /* BL_APART is being asked */
    bool alone;                      /* without BEGIN and COMMIT */
    int enter;                       /* which statement of the first flush asks to be let in */
    enum bl_status failed;           /* TX_FAILED: the status it was told with */
    const char *roles;               /* of the caller, as core.enter returned them; NULL before */
    const struct bl_rows *portfolio; /* BL_PORTFOLIO: of core.enter_portfolio */
    const char *organisations;       /* and the uuid[] of those where the route's permission is held */
};

/* What the caller may still do; the zeroed ones do not count. limit.c. */
struct http_limit {
    bool token, tenant; /* does it count? */
    bool member;        /* of the organisation, a moment ago */
    struct quota_left token_left, tenant_left;
};

struct http_request {
    struct bl_request base; /* first: a handler's pointer is this one's */
    struct http_worker *worker;
    const struct http_io *io;
    const struct http_act *act; /* NULL: somebody sent this request */
    struct arena *arena;
    struct http_params params;
    struct http_path path;
    struct http_query query;
    struct http_match match;
    enum bl_status status; /* what the stages made of it so far */
    bool whole;            /* the answer left completely */
    bool head;             /* HEAD; base.method is GET then */
    bool done;             /* a stage has answered: skip the rest */
    bool key_taken;        /* the answer is to be kept under the Idempotency-Key: the commit waits for it */
    struct auth_caller caller;
    const char *scope; /* of a service client's token; NULL: all that the client may */
    const char *door;  /* came in by one (door.c): the only permission there is. NULL: came in otherwise */
    char id[HTTP_TRACE_ID], trace[HTTP_TRACE_ID];
    char tenant[UUID_TEXT], slug[64];
    char media_type[HTTP_MEDIA_TYPE]; /* the chosen one */
    struct http_body body;
    struct http_problem problem;
    struct http_transaction tx;
    struct http_limit limit;
    struct http_response response;
    int64_t started; /* clock_monotonic */
};

static inline struct http_request *http_request_of(struct bl_request *r)
{
    return (struct http_request *)r;
}

/* body.c: read at first use. BL_BAD_REQUEST: shorter than declared or broken; BL_TOO_LARGE; BL_UNSUPPORTED_TYPE. */
BL_MUST_CHECK enum bl_status http_body_text(struct http_request *, const char **out, size_t *length);
/* Gives the body to `piece` as it comes, 64 KiB at most at a time; what `piece` returns but BL_OK ends it. For bodies of any
 * size: call it instead of the two others. BL_TOO_LARGE by its declared length: told before a byte is read. */
BL_MUST_CHECK enum bl_status http_body_stream(struct http_request *, enum bl_status (*piece)(void *, const char *, size_t),
                                              void *arg);
BL_MUST_CHECK enum bl_status http_body_json(struct http_request *, json_t **out);

#endif
