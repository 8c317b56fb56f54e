#include "http/response.h"

#include "http/limit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_PIECE = 4096, HEADER_BYTES = 3072 }; /* nginx reads the whole head into one buffer of 4 or 8 KiB */

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } table[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {207, "Multi-Status"},
        {303, "See Other"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].status == status)
            return table[i].reason;
    return "-";
}

/* RFC 9110, section 5.1: a token; and none of those that this file or nginx writes itself. */
static bool name_good(const char *name)
{
    static const char *const ours[] = {
        "Status", "Content-Type", "Content-Length", "Transfer-Encoding", "Connection", "X-Request-Id", NULL};
    size_t length = strlen(name);
    for (size_t i = 0; ours[i] != NULL; i++)
        if (strcasecmp(name, ours[i]) == 0)
            return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_')
            return false;
    return length > 0 && length <= HTTP_HEADER_NAME;
}

static bool value_good(const char *value)
{
    for (const char *p = value; *p != '\0'; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return false;
    return true;
}

/* Marks the request as failed by a mistake of ours, which must not leave. */
static void refuse(struct http_request *r, const char *name)
{
    r->response.bad = true;
    (void)bl_fail(&r->base, BL_INTERNAL, "bad_header", NULL, "the answer's header %s cannot be sent", name);
}

void http_respond(struct http_request *r, int status, const char *media_type)
{
    r->response.status = status;
    r->response.media_type = arena_string(r->arena, media_type);
    if (media_type != NULL && !value_good(media_type))
        refuse(r, "Content-Type");
}

static size_t header_bytes(const struct http_response *a)
{
    size_t bytes = 0;
    for (size_t i = 0; i < a->headers; i++)
        bytes += strlen(a->header[i].name) + strlen(a->header[i].value) + 4;
    return bytes;
}

void http_set_header(struct http_request *r, const char *name, const char *value)
{
    struct http_response *a = &r->response;
    size_t i = 0;
    while (i < a->headers && strcasecmp(a->header[i].name, name) != 0)
        i++;
    if (!name_good(name) || value == NULL || !value_good(value) || i == HTTP_HEADERS ||
        header_bytes(a) + strlen(name) + strlen(value) + 4 > HEADER_BYTES) {
        refuse(r, name);
        return;
    }
    a->header[i].name = arena_string(r->arena, name);
    a->header[i].value = arena_string(r->arena, value);
    if (i == a->headers)
        a->headers++;
}

const char *http_response_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->response.headers; i++)
        if (strcasecmp(r->response.header[i].name, name) == 0)
            return r->response.header[i].value;
    return NULL;
}

void http_response_reset(struct http_request *r)
{
    static const char *const kept[] = {"Allow", "Retry-After", "WWW-Authenticate", NULL};
    struct http_response *a = &r->response;
    size_t headers = 0;
    for (size_t i = 0; i < a->headers; i++)
        for (size_t k = 0; kept[k] != NULL; k++)
            if (strcasecmp(a->header[i].name, kept[k]) == 0)
                a->header[headers++] = a->header[i];
    a->headers = headers;
    a->status = 0;
    a->media_type = NULL;
    a->first = a->last = NULL;
    a->length = 0;
    a->json_started = a->bad = false;
    if (a->piece.data != NULL)
        buf_clear(&a->piece);
}

/* May bytes leave while the handler still runs? */
static bool may_leave(const struct http_request *r)
{
    return r->tx.state == TX_COMMITTED || (r->tx.state == TX_OPEN && r->tx.read_only);
}

static void put(struct http_request *r, const char *bytes, size_t length)
{
    if (!r->response.gone && length > 0 && !r->io->write(r->io->self, bytes, length))
        r->response.gone = true;
}

static void put_header(struct buf *head, const char *name, const char *value)
{
    buf_text(head, name);
    buf_text(head, ": ");
    buf_text(head, value);
    buf_text(head, "\r\n");
}

/* `whole`: the body's length is known. */
static void send_head(struct http_request *r, bool whole)
{
    struct http_response *a = &r->response;
    struct buf head = buf_new(r->arena, 1024);
    bool bodyless = a->status == 204 || a->status == 304;
    buf_text(&head, "Status: ");
    buf_integer(&head, a->status);
    buf_char(&head, ' ');
    buf_text(&head, reason(a->status));
    buf_text(&head, "\r\n");
    if (!bodyless)
        put_header(&head, "Content-Type", a->media_type == NULL ? "application/json" : a->media_type);
    if (whole && !bodyless) {
        buf_text(&head, "Content-Length: ");
        buf_integer(&head, (int64_t)a->length);
        buf_text(&head, "\r\n");
    }
    if (http_response_header(r, "Cache-Control") == NULL)
        buf_text(&head, "Cache-Control: no-store\r\n");
    if (http_response_header(r, "Content-Security-Policy") == NULL)
        buf_text(&head, "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n");
    buf_text(&head, "X-Content-Type-Options: nosniff\r\n");
    for (size_t i = 0; i < a->headers; i++)
        put_header(&head, a->header[i].name, a->header[i].value);
    http_limit_write(r, &head);
    put_header(&head, "X-Request-Id", r->id);
    buf_text(&head, "\r\n");
    a->head_sent = true;
    put(r, head.data, head.length);
}

/* A piece is full: it leaves, or waits in the list. */
static void turn_piece(struct http_request *r)
{
    struct http_response *a = &r->response;
    if (r->head) { /* only its length is of interest */
        buf_clear(&a->piece);
        return;
    }
    if (may_leave(r) && r->problem.total == 0) {
        if (!a->head_sent) {
            http_response_complete(r);
            send_head(r, false);
            for (struct http_piece *p = a->first; p != NULL; p = p->next)
                put(r, p->bytes, p->length);
            a->first = a->last = NULL;
        }
        put(r, a->piece.data, a->piece.length);
        buf_clear(&a->piece);
        return;
    }
    struct http_piece *p = arena_alloc(r->arena, sizeof *p);
    p->bytes = a->piece.data;
    p->length = a->piece.length;
    *(a->last == NULL ? &a->first : &a->last->next) = p;
    a->last = p;
    a->piece = buf_new(r->arena, HTTP_PIECE + FIRST_PIECE);
}

static struct buf *piece(struct http_request *r)
{
    if (r->response.piece.data == NULL)
        r->response.piece = buf_new(r->arena, FIRST_PIECE);
    return &r->response.piece;
}

void http_write(struct http_request *r, const char *bytes, size_t length)
{
    buf_add(piece(r), bytes, length);
    r->response.length += length;
    if (r->response.piece.length >= HTTP_PIECE)
        turn_piece(r);
}

struct json *http_json(struct http_request *r)
{
    struct http_response *a = &r->response;
    if (!a->json_started) {
        json_start(&a->json, piece(r));
        a->json_started = true;
    }
    a->length -= a->piece.length; /* http_json_moved adds it again, with what the writer added */
    return &a->json;
}

void http_json_moved(struct http_request *r)
{
    struct http_response *a = &r->response;
    a->length += a->piece.length;
    if (a->piece.length >= HTTP_PIECE)
        turn_piece(r);
}

void http_response_complete(struct http_request *r)
{
    if (r->response.status == 0)
        r->response.status = r->response.length == 0 ? 204 : 200;
}

void http_response_release(struct http_request *r, struct arena_mark mark, struct buf then)
{
    struct http_response *a = &r->response;
    size_t length = a->piece.length;
    if (a->first == NULL && a->piece.data == then.data && a->piece.room == then.room) { /* it lies before the mark */
        arena_release(r->arena, mark);
        return;
    }
    char *kept = a->first == NULL ? malloc(length + 1) : NULL;
    if (kept == NULL)
        return;
    if (length > 0)
        memcpy(kept, a->piece.data, length);
    arena_release(r->arena, mark);
    a->piece = buf_new(r->arena, HTTP_PIECE + FIRST_PIECE);
    buf_add(&a->piece, kept, length);
    free(kept);
}

const char *http_response_body(struct http_request *r, size_t *length)
{
    struct http_response *a = &r->response;
    struct buf whole = buf_new(r->arena, a->length + 1);
    for (struct http_piece *p = a->first; p != NULL; p = p->next)
        buf_add(&whole, p->bytes, p->length);
    if (a->piece.data != NULL)
        buf_add(&whole, a->piece.data, a->piece.length);
    *length = whole.length;
    return whole.data;
}

bool http_response_send(struct http_request *r)
{
    struct http_response *a = &r->response;
    http_response_complete(r);
    if (!a->head_sent)
        send_head(r, true);
    if (!r->head && a->status != 204 && a->status != 304) {
        for (struct http_piece *p = a->first; p != NULL; p = p->next)
            put(r, p->bytes, p->length);
        if (a->piece.data != NULL)
            put(r, a->piece.data, a->piece.length);
    }
    return !a->gone;
}
