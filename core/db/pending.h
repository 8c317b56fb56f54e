/* Statements that wait for the flush, with copies of their text and arguments: what was queued can still be dropped unsent, and
 * sent again when the server has forgotten a prepared statement. */
#ifndef DB_PENDING_H
#define DB_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pending_statement {
    size_t text, length; /* where in bytes; NUL-terminated there */
    size_t first;        /* its first argument in offsets */
    int nargs;
};

/* The arguments of one statement, as libpq takes them. */
struct arguments {
    const char **values;
    int *lengths, *formats;
    uint8_t (*uuids)[16]; /* what the values of uuids point at */
};

struct pending {
    struct pending_statement *statements;
    size_t count, room;
    size_t *offsets; /* of each argument in bytes; SIZE_MAX: SQL null */
    size_t offset_count, offset_room;
    struct arguments sent; /* scratch for db_pending_arguments */
    size_t sent_room;
    char *bytes;
    size_t byte_count, byte_room;
    bool failed; /* memory ran out: the flush must not send a part of what was asked */
};

void db_pending_add(struct pending *, const char *sql, const char *const *args, int nargs);
void db_pending_clear(struct pending *); /* keeps the memory, unless it grew large */
void db_pending_free(struct pending *);

const char *db_pending_text(const struct pending *, size_t index);
/* Valid until the next call. Bit i of uuids: to the server argument i is a uuid, so it goes as 16 bytes; what is no uuid goes as
 * text, for the server to refuse. NULL: memory is out. */
const struct arguments *db_pending_arguments(struct pending *, size_t index, uint64_t uuids);

#endif
