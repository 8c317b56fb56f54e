/* Any bytes: what is accepted is an object within the bounds, and reads the same after it was written. */
#include "http/json_body.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t depth(const json_t *json)
{
    size_t deepest = 0, index;
    const char *key;
    json_t *value;
    if (json_is_object(json)) {
        json_object_foreach((json_t *)json, key, value) if (depth(value) > deepest) deepest = depth(value);
    } else if (json_is_array(json)) {
        json_array_foreach(json, index, value) if (depth(value) > deepest) deepest = depth(value);
    } else {
        return 0;
    }
    return deepest + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[HTTP_JSON_WHY] = "";
    char *text = malloc(size + 1); /* + 1: malloc(0) may be NULL */
    memcpy(text, data, size);
    json_t *json = http_json_parse(text, size, why);
    free(text);
    if (json == NULL) {
        if (strncmp(why, "line ", 5) != 0)
            abort();
        return 0;
    }
    if (!json_is_object(json) || (size < 4096 && depth(json) > HTTP_JSON_DEPTH))
        abort();
    char *written = json_dumps(json, JSON_COMPACT);
    json_t *again = written == NULL ? NULL : http_json_parse(written, strlen(written), why);
    if (again == NULL || !json_equal(json, again))
        abort();
    free(written);
    json_decref(again);
    json_decref(json);
    return 0;
}
