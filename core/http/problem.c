#include "http/problem.h"

#include "base/log.h"
#include "http/response.h"

#include <string.h>

enum { DETAIL = 1000 }; /* characters: a caller's own huge value comes back cut */

struct words {
    enum bl_status status;
    const char *code, *title, *detail;
};

static const struct words *words(enum bl_status status)
{
    static const struct words table[] = {
        {BL_BAD_REQUEST, "bad_request", "The request is malformed", "the request cannot be understood as it is"},
        {BL_UNAUTHORIZED, "unauthorized", "A valid token is needed", "log in and send the access token"},
        {BL_FORBIDDEN, "forbidden", "Not allowed", "your roles in this organisation do not allow this"},
        {BL_NOT_FOUND, "not_found", "Not found", "there is nothing here, or nothing that you may see"},
        {BL_METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed", "the header Allow lists the methods of this path"},
        {BL_NOT_ACCEPTABLE, "not_acceptable", "No acceptable format", "no format that Accept asks for is available"},
        {BL_REQUEST_TIMEOUT, "request_timeout", "The request took too long to arrive", "send it again, faster"},
        {BL_CONFLICT, "conflict", "In conflict with the current state", "the state of the record does not allow this"},
        {BL_PRECONDITION_FAILED, "precondition_failed", "Changed meanwhile", "somebody changed the record: read it again"},
        {BL_TOO_LARGE, "too_large", "Too large", "the body is larger than is allowed here"},
        {BL_UNSUPPORTED_TYPE, "unsupported_type", "Unsupported media type", "this Content-Type is not read here"},
        {BL_UNPROCESSABLE, "invalid", "Some values are not acceptable", "`errors` says which, and why"},
        {BL_PRECONDITION_REQUIRED, "precondition_required", "If-Match is missing", "send the record's ETag as If-Match"},
        {BL_TOO_MANY_REQUESTS, "too_many_requests", "Too many requests", "wait as long as Retry-After says"},
        {BL_UNAVAILABLE, "unavailable", "Not available right now", "try again after the seconds in Retry-After"},
        /* last: for whatever else a handler returned */
        {BL_INTERNAL, "internal", "Something broke on our side", "the request id helps us to find out what it was"},
    };
    size_t i = 0;
    while (table[i].status != status && table[i].status != BL_INTERNAL)
        i++;
    return &table[i];
}

enum bl_status http_vfail(struct bl_request *base, enum bl_status status, const char *code, const char *pointer,
                          const char *format, va_list args)
{
    struct http_request *r = http_request_of(base);
    if (r->problem.total++ < HTTP_ENTRIES) {
        char *detail = arena_vformat(r->arena, format, args);
        if (strlen(detail) > DETAIL) {
            size_t end = DETAIL - 4;
            while (end > 0 && (detail[end] & 0xC0) == 0x80) /* not in the middle of a character */
                end--;
            strcpy(detail + end, "…");
        }
        r->problem.entries[r->problem.count++] = (struct http_entry){
            .status = status,
            .code = arena_string(r->arena, code),
            .pointer = arena_string(r->arena, pointer),
            .detail = detail,
        };
    }
    return status;
}

void http_problem_clear(struct http_request *r)
{
    r->problem.count = r->problem.total = 0;
}

/* The entry that speaks for the whole request: the first without a pointer. NULL: all point at values. */
static const struct http_entry *lead(const struct http_request *r, enum bl_status status)
{
    if (words(status)->status != status || status == BL_INTERNAL)
        return NULL;
    for (size_t i = 0; i < r->problem.count; i++)
        if (r->problem.entries[i].status == status && r->problem.entries[i].pointer == NULL)
            return &r->problem.entries[i];
    return NULL;
}

const char *http_problem_code(const struct http_request *r, enum bl_status status)
{
    const struct http_entry *first = lead(r, status);
    return first == NULL || first->code == NULL ? words(status)->code : first->code;
}

/* The other entries of that status. */
static void write_errors(struct http_request *r, struct json *j, enum bl_status status, const struct http_entry *first)
{
    bool open = false;
    for (size_t i = 0; i < r->problem.count; i++) {
        const struct http_entry *e = &r->problem.entries[i];
        if (e->status != status || e == first)
            continue;
        if (!open)
            json_open(j, "errors", '[');
        open = true;
        json_open(j, NULL, '{');
        if (e->pointer != NULL)
            json_put_text(j, "pointer", e->pointer);
        json_put_text(j, "code", e->code == NULL ? words(status)->code : e->code);
        json_put_text(j, "detail", e->detail);
        json_end(j);
    }
    if (open)
        json_end(j);
}

void http_problem_log(const struct http_request *r)
{
    for (size_t i = 0; i < r->problem.count; i++)
        if (r->problem.entries[i].status == BL_INTERNAL)
            log_write(LOG_ERROR, "failure", "%s: %s", r->problem.entries[i].code, r->problem.entries[i].detail);
}

static void set_headers(struct http_request *r, enum bl_status status)
{
    http_set_header(r, "Content-Language", "en");
    if (status == BL_UNAVAILABLE && http_response_header(r, "Retry-After") == NULL)
        http_set_header(r, "Retry-After", "1");
    if (status == BL_UNAUTHORIZED && http_response_header(r, "WWW-Authenticate") == NULL)
        http_set_header(r, "WWW-Authenticate", "Bearer realm=\"ballium\"");
}

void http_problem_respond(struct http_request *r, enum bl_status status)
{
    const struct words *general = words(status);
    status = general->status;
    const struct http_entry *first = lead(r, status);
    http_response_reset(r);
    set_headers(r, status);
    http_respond(r, (int)status, "application/problem+json");
    struct json *j = http_json(r);
    json_open(j, NULL, '{');
    json_put_text(j, "type", arena_format(r->arena, "urn:ballium:problem:%s", http_problem_code(r, status)));
    json_put_text(j, "title", general->title);
    json_put_integer(j, "status", status);
    json_put_text(j, "detail", first == NULL ? general->detail : first->detail);
    json_put_text(j, "instance", arena_format(r->arena, "urn:ballium:request:%s", r->id));
    if (status != BL_INTERNAL)
        write_errors(r, j, status, first);
    if (r->problem.total > r->problem.count)
        json_put_integer(j, "more", (int64_t)(r->problem.total - r->problem.count));
    json_end(j);
    http_json_moved(r);
}
