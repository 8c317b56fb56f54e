#include "http/params.h"

#include <ctype.h>
#include <string.h>

static const struct http_param *find(const struct http_params *p, const char *name, size_t length)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->list[i].name_length == length && memcmp(p->list[i].name, name, length) == 0)
            return &p->list[i];
    return NULL;
}

const char *http_params_read(struct http_params *p, const char *const *pairs)
{
    size_t bytes = 0;
    p->count = 0;
    for (; *pairs != NULL; pairs++) {
        const char *equals = strchr(*pairs, '=');
        if (equals == NULL || equals == *pairs)
            return "a header or parameter without a name arrived";
        size_t length = (size_t)(equals - *pairs);
        bytes += length + strlen(equals);
        if (bytes > HTTP_PARAMS_BYTES)
            return "the headers are larger than 64 KiB in all";
        if (p->count == HTTP_PARAMS)
            return "there are too many headers";
        if (find(p, *pairs, length) != NULL)
            return "a header is given twice: send each header once";
        p->list[p->count++] = (struct http_param){.name = *pairs, .value = equals + 1, .name_length = length};
    }
    return NULL;
}

const char *http_params_find(const struct http_params *p, const char *name)
{
    const struct http_param *found = find(p, name, strlen(name));
    return found == NULL ? NULL : found->value;
}

const char *http_params_header(const struct http_params *p, const char *name)
{
    char cgi[sizeof "HTTP_" + HTTP_HEADER_NAME] = "HTTP_";
    size_t length = strlen(name), at = strlen(cgi);
    if (length > HTTP_HEADER_NAME)
        return NULL;
    for (size_t i = 0; i <= length; i++)
        cgi[at + i] = name[i] == '-' ? '_' : (char)toupper((unsigned char)name[i]);
    const char *bare = cgi + at;
    const char *value =
        http_params_find(p, strcmp(bare, "CONTENT_TYPE") == 0 || strcmp(bare, "CONTENT_LENGTH") == 0 ? bare : cgi);
    return value == NULL || *value == '\0' ? NULL : value;
}
