/* The statements that a connection has prepared, found again by their text. Bounded: the least recently used one makes room. */
#ifndef DB_STATEMENTS_H
#define DB_STATEMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATEMENTS_MAX 512

struct statement {
    char *text; /* owned; NULL: the slot is free */
    size_t length;
    uint64_t hash;
    uint64_t used;  /* the flush that used it last */
    uint64_t uuids; /* bit i: parameter i is a uuid, as the server has told */
    char name[24];  /* on the server; never given twice on one connection */
    int next;       /* in its bucket; -1: the last */
};

struct statements {
    struct statement all[STATEMENTS_MAX];
    int bucket[2 * STATEMENTS_MAX]; /* index into all; -1: empty */
    int count;
    uint64_t last_number;
};

void db_statements_init(struct statements *);  /* once, on zeroed memory */
void db_statements_clear(struct statements *); /* forgets all; numbers go on */

/* NULL: not prepared. */
struct statement *db_statements_find(struct statements *, const char *text, size_t length);
/* A copy of the text under a new number. NULL: full, or memory is out. */
struct statement *db_statements_add(struct statements *, const char *text, size_t length);
/* The least recently used one, if its last use was before flush `before` and there is no free slot. */
struct statement *db_statements_surplus(struct statements *, uint64_t before);
void db_statements_remove(struct statements *, struct statement *);

#endif
