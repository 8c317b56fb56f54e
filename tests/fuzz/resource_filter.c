/* Any query of a list: refused with a word, or a statement whose text holds no byte of a value. Pairs are "name=value\n". */
#include "fuzz_engine.h"
#include "resource/filter.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void split(struct fuzz *f, char *text)
{
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line && f->queries < 32; line = strtok_r(NULL, "\n", &save)) {
        char *equals = strchr(line, '=');
        if (equals == NULL || equals == line)
            continue;
        *equals = '\0';
        f->query[f->queries].name = line;
        f->query[f->queries++].value = equals + 1;
    }
}

static void check(const struct statement *s)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ .$:(),&<>=[]";
    if (strspn(s->text, plain) != s->length || s->nargs > STATEMENT_ARGS)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct plan *plan = fuzz_gates();
    struct fuzz *f = fuzz_new();
    struct statement where;
    struct filter filter;
    char *text = arena_copy(f->arena, (const char *)data, size);
    split(f, text);
    enum bl_status status = filter_read(&f->request, plan, &where, &filter);
    if (status == BL_OK && filter.cursor)
        status = filter_after(&f->request, plan, &filter, &where);
    if (status == BL_OK)
        check(&where);
    if ((status == BL_OK) != (f->objections == 0) && fuzz_query(&f->request, "q") == NULL)
        abort();
    fuzz_free(f);
    return 0;
}
