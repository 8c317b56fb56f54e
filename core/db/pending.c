#include "db/pending.h"
#include "base/ids.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_BYTES (256u * 1024) /* a larger buffer is given back after its request */

/* Room for `need` elements of `size` bytes; false: memory is out. */
static bool grow(void **memory, size_t *room, size_t need, size_t size)
{
    if (need <= *room)
        return true;
    size_t wanted = *room ? *room : 64;
    while (wanted < need)
        wanted *= 2;
    void *larger = realloc(*memory, wanted * size);
    if (!larger)
        return false;
    *memory = larger;
    *room = wanted;
    return true;
}

static size_t add_bytes(struct pending *p, const char *bytes, size_t length)
{
    size_t at = p->byte_count;
    if (!grow((void **)&p->bytes, &p->byte_room, at + length + 1, 1)) {
        p->failed = true;
        return 0;
    }
    memcpy(p->bytes + at, bytes, length);
    p->bytes[at + length] = '\0';
    p->byte_count = at + length + 1;
    return at;
}

void db_pending_add(struct pending *p, const char *sql, const char *const *args, int nargs)
{
    size_t arguments = (size_t)nargs;
    if (!grow((void **)&p->statements, &p->room, p->count + 1, sizeof *p->statements) ||
        !grow((void **)&p->offsets, &p->offset_room, p->offset_count + arguments, sizeof *p->offsets)) {
        p->failed = true;
        return;
    }
    size_t length = strlen(sql);
    p->statements[p->count++] =
        (struct pending_statement){.text = add_bytes(p, sql, length), .length = length, .first = p->offset_count, .nargs = nargs};
    for (int i = 0; i < nargs; i++)
        p->offsets[p->offset_count++] = args[i] ? add_bytes(p, args[i], strlen(args[i])) : SIZE_MAX;
}

void db_pending_clear(struct pending *p)
{
    if (p->byte_room > KEEP_BYTES) {
        db_pending_free(p);
        return;
    }
    p->count = p->offset_count = p->byte_count = 0;
    p->failed = false;
}

void db_pending_free(struct pending *p)
{
    free(p->statements);
    free(p->offsets);
    free(p->sent.values);
    free(p->sent.lengths);
    free(p->sent.formats);
    free(p->sent.uuids);
    free(p->bytes);
    *p = (struct pending){.count = 0};
}

const char *db_pending_text(const struct pending *p, size_t index)
{
    return p->bytes + p->statements[index].text;
}

static bool grow_arguments(struct pending *p, size_t need)
{
    size_t values = p->sent_room, lengths = values, formats = values, uuids = values;
    if (need <= p->sent_room)
        return true;
    if (!grow((void **)&p->sent.values, &values, need, sizeof *p->sent.values) ||
        !grow((void **)&p->sent.lengths, &lengths, need, sizeof *p->sent.lengths) ||
        !grow((void **)&p->sent.formats, &formats, need, sizeof *p->sent.formats) ||
        !grow((void **)&p->sent.uuids, &uuids, need, sizeof *p->sent.uuids))
        return false;
    p->sent_room = values;
    return true;
}

const struct arguments *db_pending_arguments(struct pending *p, size_t index, uint64_t uuids)
{
    const struct pending_statement *s = &p->statements[index];
    if (!grow_arguments(p, (size_t)s->nargs + 1))
        return NULL;
    for (int i = 0; i < s->nargs; i++) {
        size_t offset = p->offsets[s->first + (size_t)i];
        const char *text = offset == SIZE_MAX ? NULL : p->bytes + offset;
        bool uuid = text != NULL && i < 64 && (uuids >> i & 1) && uuid_parse(text, p->sent.uuids[i]);
        p->sent.values[i] = uuid ? (const char *)p->sent.uuids[i] : text;
        p->sent.lengths[i] = uuid ? 16 : 0;
        p->sent.formats[i] = uuid;
    }
    return &p->sent;
}
