/* What the code under test writes to its log, standard error, in the meantime: codes of what broke on our own side stand there
 * and in no answer. */
#ifndef SUPPORT_HARK_H
#define SUPPORT_HARK_H

#include "unit.h"

#include <stdio.h>
#include <unistd.h>

struct hark {
    FILE *file;
    int saved;
};

static inline struct hark hark_begin(void)
{
    struct hark h = {.file = tmpfile(), .saved = dup(STDERR_FILENO)};
    assert_non_null(h.file);
    assert_true(h.saved >= 0 && dup2(fileno(h.file), STDERR_FILENO) >= 0);
    return h;
}

/* In a buffer of the next call's. */
static inline char *hark_end(struct hark *h)
{
    static char text[16384];
    dup2(h->saved, STDERR_FILENO);
    close(h->saved);
    ssize_t n = pread(fileno(h->file), text, sizeof text - 1, 0);
    text[n < 0 ? 0 : n] = '\0';
    fclose(h->file);
    return text;
}

#endif
