/* A statement put together for one request, in its memory: text from descriptor tables, values as arguments. */
#ifndef RESOURCE_STATEMENT_H
#define RESOURCE_STATEMENT_H

#include <ballium/core.h>

#define STATEMENT_ARGS 64

struct statement {
    struct bl_request *request;
    char *text;
    size_t length, room;
    const char *args[STATEMENT_ARGS]; /* $2 and on: the core passes the tenant as $1 */
    int nargs;
};

void statement_start(struct statement *, struct bl_request *);
void statement_text(struct statement *, const char *text); /* from descriptor tables, never from a value */
/* Adds the value to the arguments and "$n::cast" to the text. False: too many arguments. */
BL_MUST_CHECK bool statement_arg(struct statement *, const char *value, const char *cast);

/* {"a","b"}: a text[] literal. */
const char *resource_array(struct bl_request *, const char *const *words, size_t count);

#endif
