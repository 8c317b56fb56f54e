/* The id behind the {org} of a path, from a small cache: slugs do not change hands. */
#include "tenant/tenant.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>

/* Room for 16,384 organisations, by slug or by id, in 2.7 MB, of which only what is used is ever touched. A set that is full
 * costs a round trip per request: with 1,000 organisations in 1,024 places every fifth request paid it. */
enum { SLUG = 64, SETS = 4096, WAYS = 4 };

struct entry {
    char segment[SLUG]; /* as in the path; "": free */
    char slug[SLUG];
    char id[UUID_TEXT];
};

static struct entry cache[SETS][WAYS];
static unsigned next_way; /* which one gives way in a full set */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

static struct entry *set_of(const char *segment)
{
    return cache[hash_bytes(segment, strlen(segment)) % SETS];
}

static void answer(const struct entry *e, char id[UUID_TEXT], char slug[SLUG])
{
    memcpy(id, e->id, UUID_TEXT);
    memcpy(slug, e->slug, SLUG);
}

static bool recall(const char *segment, char id[UUID_TEXT], char slug[SLUG])
{
    const struct entry *set = set_of(segment);
    bool found = false;
    pthread_rwlock_rdlock(&lock);
    for (int i = 0; i < WAYS && !found; i++)
        if (strcmp(set[i].segment, segment) == 0) {
            answer(&set[i], id, slug);
            found = true;
        }
    pthread_rwlock_unlock(&lock);
    return found;
}

static void remember(const struct entry *e)
{
    struct entry *set = set_of(e->segment);
    int way = -1;
    pthread_rwlock_wrlock(&lock);
    for (int i = 0; i < WAYS && way < 0; i++)
        if (set[i].segment[0] == '\0' || strcmp(set[i].segment, e->segment) == 0)
            way = i;
    if (way < 0)
        way = (int)(next_way++ % WAYS);
    set[way] = *e;
    pthread_rwlock_unlock(&lock);
}

/* What cannot be a slug or an id is not asked for. Ids are looked up in lower case, as the database writes them. */
static bool normalise(const char *text, char segment[SLUG])
{
    size_t length = strnlen(text, SLUG);
    if (length == 0 || length == SLUG)
        return false;
    bool id = uuid_valid(text);
    for (size_t i = 0; i <= length; i++) {
        char c = id ? (char)tolower((unsigned char)text[i]) : text[i];
        if (c != '\0' && c != '-' && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
            return false;
        segment[i] = c;
    }
    return true;
}

enum bl_status tenant_find(struct db *db, struct arena *arena, const char *slug_or_id, char id[UUID_TEXT], char slug[SLUG])
{
    struct entry e = {0};
    if (!normalise(slug_or_id, e.segment))
        return BL_NOT_FOUND;
    if (recall(e.segment, id, slug))
        return BL_OK;
    if (db_ready(db) != BL_OK)
        return BL_UNAVAILABLE;
    struct bl_rows *rows = NULL;
    db_queue(db, "SELECT id, slug FROM core.find_organisation($1)", (const char *const[]){e.segment}, 1);
    if (db_flush(db, arena, &rows) != BL_OK) {
        db_rollback(db);
        return BL_UNAVAILABLE;
    }
    if (db_count(rows) != 1)
        return BL_NOT_FOUND;
    snprintf(e.id, sizeof e.id, "%s", db_cell(rows, 0, 0));
    snprintf(e.slug, sizeof e.slug, "%s", db_cell(rows, 0, 1));
    remember(&e);
    answer(&e, id, slug);
    return BL_OK;
}
