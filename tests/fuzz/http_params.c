/* Any FastCGI parameters (one a line): bounded, unique; and the headers that are read further, each by its own parser. */
#include "base/utf8.h"
#include "http/media.h"
#include "http/params.h"
#include "http/trace.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_headers(const struct http_params *p)
{
    static const char offers[] = "application/json text/csv";
    char id[HTTP_TRACE_ID], chosen[HTTP_MEDIA_TYPE];
    struct http_media media;
    const char *type = http_params_header(p, "Content-Type");
    if (type != NULL && http_media_parse(&media, type))
        (void)http_media_is_json(&media);
    if (http_media_choose(offers, http_params_header(p, "Accept"), chosen) && strcmp(chosen, "application/json") != 0 &&
        strcmp(chosen, "text/csv") != 0)
        abort();
    http_request_id(http_params_find(p, "REQUEST_ID"), id);
    if (strspn(id, "0123456789abcdef") != 32 || id[32] != '\0')
        abort();
    if (http_trace_parse(http_params_header(p, "traceparent"), id) && strspn(id, "0123456789abcdef") != 32)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *rest = text;
    const char **pairs = calloc(size + 2, sizeof *pairs);
    size_t count = 0;
    memcpy(text, data, size);
    text[size] = '\0';
    while (rest != NULL)
        pairs[count++] = strsep(&rest, "\n");
    struct http_params params;
    if (http_params_read(&params, pairs) == NULL) {
        if (params.count != count)
            abort();
        read_headers(&params);
    }
    free(pairs);
    free(text);
    return 0;
}
