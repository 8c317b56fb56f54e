#include "fcgi/request.h"

#include "base/ids.h"
#include "base/log.h"

#include <errno.h>
#include <fastcgi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct exchange {
    FCGX_Request *request;
    int64_t deadline; /* monotonic; for the body's last byte */
    int64_t length;   /* CONTENT_LENGTH; -1: not said */
    int64_t received;
    size_t held; /* bytes of the answer that wait in `small` */
    char *small; /* room for SMALL */
};

enum { SMALL = 8000 }; /* with the records of the end as many bytes fit into the 8 KiB of libfcgi */

void fcgi_request_init(FCGX_Request *request)
{
    /* -1: after a broken connection FCGX_Accept_r goes on to accept another by itself; this makes it return instead. */
    FCGX_InitRequest(request, -1, 0);
}

/* libfcgi takes a broken or short body for its end: tell the two apart. */
static long body_end(const struct exchange *x)
{
    if (FCGX_GetError(x->request->in) != 0)
        return -1;
    return x->length >= 0 && x->received != x->length ? -1 : 0;
}

static long body_read(void *self, char *out, size_t n)
{
    struct exchange *x = self;
    FCGX_Stream *in = x->request->in;
    if (n == 0)
        return 0;
    if (clock_monotonic() > x->deadline) {
        /* Bytes may still come, so the connection's state is unknown: libfcgi closes what has an error. */
        in->FCGI_errno = in->FCGI_errno != 0 ? in->FCGI_errno : FCGX_PROTOCOL_ERROR;
        in->isClosed = 1;
        return -1;
    }
    /* One character first: it waits for at most one read, then all that came with it is taken without waiting. FCGX_GetStr of
     * all n would wait until they are all here, and a slow sender would pass the deadline unseen. */
    int first = FCGX_GetChar(in);
    if (first < 0)
        return body_end(x);
    *out = (char)first;
    size_t more = (size_t)(in->stop - in->rdNext);
    if (more > n - 1)
        more = n - 1;
    if (more > 0)
        more = (size_t)FCGX_GetStr(out + 1, (int)more, in);
    x->received += (int64_t)more + 1;
    if (x->length >= 0 && x->received > x->length)
        return -1;
    return (long)more + 1;
}

/* All of it. The parts are changed on the way. */
static bool send_parts(int fd, struct iovec *part, size_t count)
{
    struct msghdr message = {.msg_iov = part, .msg_iovlen = count};
    while (message.msg_iovlen > 0) {
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        for (; message.msg_iovlen > 0 && (size_t)sent >= message.msg_iov->iov_len; message.msg_iov++, message.msg_iovlen--)
            sent -= (ssize_t)message.msg_iov->iov_len;
        if (message.msg_iovlen > 0) {
            message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + sent;
            message.msg_iov->iov_len -= (size_t)sent;
        }
    }
    return true;
}

/* What waits and as much of `bytes` as goes into one record with it (FastCGI 1.0, section 3.3). Returns how much; 0: broken off.
 */
static size_t send_record(struct exchange *x, const char *bytes, size_t n)
{
    enum { MOST = 0xfff8 };
    static char zeros[8];
    size_t part = n < MOST - x->held ? n : MOST - x->held, length = x->held + part, padding = -length & 7;
    int id = x->request->requestId;
    FCGI_Header head = {
        .version = FCGI_VERSION_1,
        .type = FCGI_STDOUT,
        .requestIdB1 = (unsigned char)(id >> 8),
        .requestIdB0 = (unsigned char)id,
        .contentLengthB1 = (unsigned char)(length >> 8),
        .contentLengthB0 = (unsigned char)length,
        .paddingLength = (unsigned char)padding,
    };
    struct iovec parts[] = {{&head, sizeof head}, {x->small, x->held}, {(char *)bytes, part}, {zeros, padding}};
    x->held = 0;
    return send_parts(x->request->ipcFd, parts, 4) ? part : 0;
}

/* libfcgi writes an answer in parts of 8 KiB, and each wakes nginx. What is longer goes past it, as it is; the rest waits here,
 * until libfcgi sends it with the end of the request. */
static bool body_write(void *self, const char *bytes, size_t n)
{
    struct exchange *x = self;
    while (n > SMALL - x->held) {
        size_t sent = send_record(x, bytes, n);
        if (sent == 0)
            return false;
        bytes += sent;
        n -= sent;
    }
    memcpy(x->small + x->held, bytes, n);
    x->held += n;
    return true;
}

static bool hand_over(struct exchange *x)
{
    return x->held == 0 || FCGX_PutStr(x->small, (int)x->held, x->request->out) == (int)x->held;
}

/* What nobody read of the body would be taken for the next request on this connection. */
static bool drain(struct exchange *x, int64_t timeout)
{
    char waste[8192];
    x->deadline = clock_monotonic() + timeout;
    for (int64_t left = FCGI_DRAIN_BYTES; left >= 0;) {
        long n = body_read(x, waste, sizeof waste);
        if (n <= 0)
            return n == 0;
        left -= n;
    }
    return false;
}

static bool params_small(char *const *params)
{
    size_t bytes = 0, count = 0;
    for (; count <= FCGI_PARAMS_COUNT && params[count] != NULL; count++)
        bytes += strlen(params[count]);
    return count <= FCGI_PARAMS_COUNT && bytes <= FCGI_PARAMS_BYTES;
}

/* Not http's to answer: it is spared from ever seeing them. */
static bool refuse_params(struct exchange *x)
{
    static const char head[] = "Status: 431 Request Header Fields Too Large\r\n"
                               "Content-Type: application/problem+json\r\nCache-Control: no-store\r\n\r\n"
                               "{\"type\":\"urn:ballium:problem:headers_too_large\",\"title\":\"Request Header Fields Too "
                               "Large\",\"status\":431,\"detail\":\"The header fields and the address of a request may have 256 "
                               "parts and 64 KiB in all: send fewer or shorter ones.\"}\n";
    log_write(LOG_WARN, "fcgi", "parameters of a request refused: more than %d, or %d bytes", FCGI_PARAMS_COUNT,
              FCGI_PARAMS_BYTES);
    return body_write(x, head, sizeof head - 1);
}

static int64_t content_length(char **params)
{
    const char *text = FCGX_GetParam("CONTENT_LENGTH", params);
    if (text == NULL || *text == '\0')
        return -1;
    char *end;
    long long n = strtoll(text, &end, 10);
    return *end == '\0' && n >= 0 ? n : -1;
}

bool fcgi_request_serve(FCGX_Request *request, int fd, const struct fcgi_app *app, void *worker, int64_t timeout)
{
    int64_t deadline = clock_monotonic() + timeout;
    /* A connection that is ours, given to libfcgi for one request. keepConnection, so that the FCGX_Finish_r inside
     * FCGX_Accept_r leaves it open; the request's own flag replaces it. Detached, so that closing it does not wait up to two
     * seconds for the peer (on a Unix socket what was written is not lost by it). */
    request->ipcFd = fd;
    request->keepConnection = 1;
    FCGX_Detach(request);
    if (FCGX_Accept_r(request) < 0)
        return false; /* gone, silent for too long, or malformed; closed by libfcgi */

    char small[SMALL];
    struct exchange x = {request, deadline, content_length(request->envp), 0, 0, small};
    /* Parameters that break off look complete to libfcgi when they do so between two of them. */
    bool whole = request->role == FCGI_RESPONDER && FCGX_GetError(request->in) == 0;
    if (whole && !params_small(request->envp))
        whole = refuse_params(&x);
    else if (whole)
        whole = app->handle(
            worker,
            &(struct http_io){.self = &x, .params = (const char *const *)request->envp, .read = body_read, .write = body_write});
    if (!whole || !hand_over(&x)) {
        FCGX_Free(request, 1); /* no FCGI_END_REQUEST: nginx must not take a part for the whole */
        return false;
    }
    if (!drain(&x, timeout))
        request->keepConnection = 0;
    /* libfcgi reads ahead up to 8 KiB and drops what is left over with the stream. A client that sends the next request before
     * it has FCGI_END_REQUEST would lose it here; nginx never does, and only nginx reaches the socket. */
    FCGX_Finish_r(request);
    bool kept = request->ipcFd >= 0;
    request->ipcFd = -1;
    return kept;
}
