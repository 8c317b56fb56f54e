#include "http/trace.h"

#include "base/ids.h"

#include <stdint.h>
#include <string.h>

/* `count` lower-case hex digits at p, not all of them zero unless `zero` is allowed. */
static bool hex_run(const char *p, size_t count, bool zero)
{
    bool any = zero;
    for (size_t i = 0; i < count; i++) {
        if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f')))
            return false;
        any |= p[i] != '0';
    }
    return any;
}

bool http_trace_parse(const char *text, char trace_id[HTTP_TRACE_ID])
{
    /* 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 */
    size_t length = text == NULL ? 0 : strlen(text);
    if (length < 55 || !hex_run(text, 2, true) || text[2] != '-' || !hex_run(text + 3, 32, false) || text[35] != '-' ||
        !hex_run(text + 36, 16, false) || text[52] != '-' || !hex_run(text + 53, 2, true))
        return false;
    if (strncmp(text, "ff", 2) == 0)
        return false; /* not a version */
    bool first_version = strncmp(text, "00", 2) == 0;
    if (length > 55 && (first_version || text[55] != '-'))
        return false; /* only a later version may say more */
    memcpy(trace_id, text + 3, 32);
    trace_id[32] = '\0';
    return true;
}

void http_request_id(const char *given, char out[HTTP_TRACE_ID])
{
    if (given != NULL && strlen(given) == 32 && hex_run(given, 32, false)) {
        memcpy(out, given, HTTP_TRACE_ID);
        return;
    }
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[16];
    if (!random_bytes(bytes, sizeof bytes))
        memset(bytes, 0, sizeof bytes); /* an id for people: the request is not worth failing for it */
    for (size_t i = 0; i < sizeof bytes; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[32] = '\0';
}
