/* What a function prints to a FILE, as text. */
#ifndef SUPPORT_PRINTED_H
#define SUPPORT_PRINTED_H

#include <stdio.h>
#include <stdlib.h>

struct printed {
    FILE *out;
    char *text; /* after printed_end */
    size_t length;
};

static inline void printed_start(struct printed *p)
{
    p->out = open_memstream(&p->text, &p->length);
    if (!p->out)
        abort();
}

static inline const char *printed_end(struct printed *p)
{
    fclose(p->out);
    return p->text;
}

static inline void printed_free(struct printed *p)
{
    free(p->text);
}

#endif
