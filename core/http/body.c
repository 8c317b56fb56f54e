#include "base/utf8.h"
#include "http/json_body.h"
#include "http/worker.h"

#include <string.h>

enum { BODY_PIECE = 64 * 1024 };

static size_t limit(const struct http_request *r)
{
    size_t own = r->match.route == NULL ? 0 : r->match.route->body_limit;
    return own != 0 ? own : (size_t)r->worker->http->config->body_limit;
}

/* CONTENT_LENGTH; not there when there is no body. */
static enum bl_status declared(struct http_request *r, size_t *length)
{
    const char *text = http_params_find(&r->params, "CONTENT_LENGTH");
    *length = 0;
    for (const char *p = text; p != NULL && *p != '\0'; p++) {
        if (*p < '0' || *p > '9')
            return bl_fail(&r->base, BL_BAD_REQUEST, "bad_content_length", NULL, "Content-Length is not a number");
        *length = *length * 10 + (size_t)(*p - '0');
        if (*length > limit(r))
            return bl_fail(&r->base, BL_TOO_LARGE, "too_large", NULL,
                           "the body is larger than the %zu bytes that may be sent here", limit(r));
    }
    return BL_OK;
}

static enum bl_status read_body(struct http_request *r)
{
    size_t length, have = 0;
    enum bl_status status = declared(r, &length);
    if (status != BL_OK)
        return status;
    char *bytes = arena_alloc(r->arena, length + 1);
    while (have < length) {
        long n = r->io->read(r->io->self, bytes + have, length - have);
        if (n <= 0)
            return bl_fail(&r->base, BL_BAD_REQUEST, "broken_body", NULL, "the body ended after %zu of %zu bytes: send it again",
                           have, length);
        have += (size_t)n;
    }
    r->body.bytes = bytes;
    r->body.length = length;
    return BL_OK;
}

enum bl_status http_body_stream(struct http_request *r, enum bl_status (*piece)(void *, const char *, size_t), void *arg)
{
    char bytes[BODY_PIECE];
    size_t length, have = 0;
    enum bl_status status = declared(r, &length);
    while (status == BL_OK && have < length) {
        size_t left = length - have;
        long n = r->io->read(r->io->self, bytes, left < sizeof bytes ? left : sizeof bytes);
        if (n <= 0)
            return bl_fail(&r->base, BL_BAD_REQUEST, "broken_body", NULL, "the body ended after %zu of %zu bytes: send it again",
                           have, length);
        have += (size_t)n;
        status = piece(arg, bytes, (size_t)n);
    }
    return status;
}

/* Text must be UTF-8 and must say nothing else of itself. Bytes that do not call themselves text pass as they are. */
static enum bl_status check_text(struct http_request *r)
{
    struct http_media media;
    const char *type = http_params_header(&r->params, "Content-Type");
    if (type == NULL)
        return BL_OK;
    if (!http_media_parse(&media, type))
        return bl_fail(&r->base, BL_UNSUPPORTED_TYPE, "bad_content_type", NULL, "Content-Type is not a media type");
    if (!http_media_is_json(&media) && strncmp(media.type, "text/", 5) != 0)
        return BL_OK;
    if (media.charset[0] != '\0' && strcmp(media.charset, "utf-8") != 0)
        return bl_fail(&r->base, BL_UNSUPPORTED_TYPE, "unsupported_charset", NULL, "the body must be UTF-8, not %s",
                       media.charset);
    if (http_media_is_json(&media)) /* the parser says where it is wrong */
        return BL_OK;
    if (!utf8_valid(r->body.bytes, r->body.length) || memchr(r->body.bytes, '\0', r->body.length) != NULL)
        return bl_fail(&r->base, BL_BAD_REQUEST, "not_utf8", NULL, "the body is not valid UTF-8 text");
    return BL_OK;
}

enum bl_status http_body_text(struct http_request *r, const char **out, size_t *length)
{
    if (!r->body.read) {
        r->body.read = true;
        r->body.status = read_body(r);
        if (r->body.status == BL_OK)
            r->body.status = check_text(r);
    }
    *out = r->body.bytes;
    *length = r->body.length;
    return r->body.status;
}

static enum bl_status require_json(struct http_request *r)
{
    struct http_media media;
    const char *type = http_params_header(&r->params, "Content-Type");
    if (type != NULL && http_media_parse(&media, type) && http_media_is_json(&media))
        return BL_OK;
    return bl_fail(&r->base, BL_UNSUPPORTED_TYPE, "unsupported_type", NULL, "send the body as Content-Type: application/json");
}

static void release(void *json)
{
    json_decref(json);
}

enum bl_status http_body_json(struct http_request *r, json_t **out)
{
    const char *bytes;
    size_t length;
    char why[HTTP_JSON_WHY];
    *out = r->body.json;
    if (*out != NULL)
        return BL_OK;
    enum bl_status status = http_body_text(r, &bytes, &length);
    if (status != BL_OK)
        return status;
    if (length == 0)
        return bl_fail(&r->base, BL_BAD_REQUEST, "empty_body", NULL, "the body is empty: send a JSON object, {} at least");
    status = require_json(r);
    if (status != BL_OK)
        return status;
    r->body.json = http_json_parse(bytes, length, why);
    if (r->body.json == NULL)
        return bl_fail(&r->base, BL_BAD_REQUEST, "bad_json", NULL, "%s", why);
    arena_defer(r->arena, release, r->body.json);
    *out = r->body.json;
    return BL_OK;
}
