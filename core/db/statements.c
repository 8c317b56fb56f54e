#include "db/statements.h"
#include "base/ids.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS (2 * STATEMENTS_MAX)

static int *bucket_of(struct statements *all, uint64_t hash)
{
    return &all->bucket[hash % BUCKETS];
}

void db_statements_init(struct statements *all)
{
    for (int i = 0; i < BUCKETS; i++)
        all->bucket[i] = -1;
}

void db_statements_clear(struct statements *all)
{
    for (int i = 0; i < STATEMENTS_MAX; i++) {
        free(all->all[i].text);
        all->all[i].text = NULL;
    }
    all->count = 0;
    db_statements_init(all);
}

struct statement *db_statements_find(struct statements *all, const char *text, size_t length)
{
    uint64_t hash = hash_bytes(text, length);
    for (int i = *bucket_of(all, hash); i >= 0; i = all->all[i].next) {
        struct statement *s = &all->all[i];
        if (s->hash == hash && s->length == length && memcmp(s->text, text, length) == 0)
            return s;
    }
    return NULL;
}

struct statement *db_statements_add(struct statements *all, const char *text, size_t length)
{
    int slot = 0;
    while (slot < STATEMENTS_MAX && all->all[slot].text)
        slot++;
    if (slot == STATEMENTS_MAX)
        return NULL;
    char *copy = malloc(length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';

    uint64_t hash = hash_bytes(text, length);
    int *bucket = bucket_of(all, hash);
    struct statement *s = &all->all[slot];
    *s = (struct statement){.text = copy, .length = length, .hash = hash, .next = *bucket};
    snprintf(s->name, sizeof s->name, "s%" PRIu64, ++all->last_number);
    *bucket = slot;
    all->count++;
    return s;
}

struct statement *db_statements_surplus(struct statements *all, uint64_t before)
{
    if (all->count < STATEMENTS_MAX)
        return NULL;
    struct statement *oldest = &all->all[0];
    for (int i = 1; i < STATEMENTS_MAX; i++)
        if (all->all[i].used < oldest->used)
            oldest = &all->all[i];
    return oldest->used < before ? oldest : NULL;
}

void db_statements_remove(struct statements *all, struct statement *gone)
{
    int slot = (int)(gone - all->all);
    int *link = bucket_of(all, gone->hash);
    while (*link != slot)
        link = &all->all[*link].next;
    *link = gone->next;
    free(gone->text);
    gone->text = NULL;
    all->count--;
}
