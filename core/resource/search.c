/* Full-text search over a plain inverted index, which row-level security does not hide from the planner: one self-join per word,
 * a prefix by range under COLLATE "C". The joins are written so that their order and their indexes are ours: right after an
 * import the planner has no statistics, and what it would choose then can be quadratic. */
#include "resource/search.h"

#include "base/utf8.h"
#include "resource/routes.h"
#include "resource/value.h"

#include <stdlib.h>
#include <string.h>

#define CANDIDATES 500 /* the best ranked that are looked up among the records; archived ones fall out there */
#define LIMIT_MAX 100
#define LIMIT 20

/* A compound ("e-mail", a whole URL) is left out, because its parts are in the index too and one may be half typed. Types of
 * tokens are those of ts_token_type('default'). With each word how often it stands in the index, up to ENOUGH; U+0001 is below
 * every character of a word, U+10FFFF above. */
#define ENOUGH "20000"
static const char words_sql[] =
    "SELECT w.word, (SELECT count(*) FROM (SELECT FROM core.search_term s WHERE s.tenant_id = $1 AND s.lexeme >= w.word\n"
    "  AND s.lexeme < w.word || chr(CASE WHEN w.last THEN 1114111 ELSE 1 END) LIMIT " ENOUGH ") c)\n"
    "FROM (SELECT lower(p.token) AS word, max(p.n) AS n, max(p.n) = max(max(p.n)) OVER () AS last\n"
    "  FROM ts_parse('default', $2::text) WITH ORDINALITY p(type, token, n)\n"
    "  WHERE p.type NOT IN (5, 12, 13, 14, 15, 16, 17, 23) GROUP BY 1) w ORDER BY w.n";

enum bl_status search_words(struct bl_request *r, const char *q, struct search_words *words)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, words_sql, &q, 1, 0, &rows);
    if (status != BL_OK)
        return status;
    int count = bl_count(r, rows);
    if (count == 0)
        return bl_fail(r, BL_BAD_REQUEST, "no_words", NULL, "query parameter q: no word in it; give at least one");
    if (count > SEARCH_WORDS)
        return bl_fail(r, BL_BAD_REQUEST, "too_many_words", NULL, "query parameter q: %d words; %d are the most", count,
                       SEARCH_WORDS);
    *words = (struct search_words){.count = (size_t)count};
    for (int i = 0; i < count; i++) {
        words->word[i] = bl_cell(r, rows, i, 0);
        if (bl_integer(r, rows, i, 1) < bl_integer(r, rows, (int)words->rarest, 1))
            words->rarest = (size_t)i;
    }
    return BL_OK;
}

/* "s.lexeme = $n", or a range for the last word. */
static bool put_match(struct statement *s, const struct search_words *words, size_t i)
{
    bool last = i == words->count - 1;
    statement_text(s, last ? "s.lexeme >= " : "s.lexeme = ");
    if (!statement_arg(s, words->word[i], "text"))
        return false;
    if (!last)
        return true;
    statement_text(s, " AND s.lexeme < ");
    return statement_arg(s, value_text(s->request, "%s\xF4\x8F\xBF\xBF", words->word[i]), "text"); /* U+10FFFF */
}

/* The weight of word i in record d, one index probe; no row: it is not there. left() keeps the last word's probe on the record's
 * own words, of which there are few. */
static bool put_probe(struct statement *s, const struct search_words *words, size_t i)
{
    statement_text(
        s, value_text(s->request,
                      "\nCROSS JOIN LATERAL (SELECT max(s.weight) AS weight FROM core.search_term s WHERE s.tenant_id = $1 "
                      "AND s.resource = d.resource AND s.record_id = d.record_id AND "));
    if (i < words->count - 1) {
        if (!put_match(s, words, i))
            return false;
    } else {
        statement_text(s, value_text(s->request, "left(s.lexeme, %zu) = ", utf8_length(words->word[i])));
        if (!statement_arg(s, words->word[i], "text"))
            return false;
    }
    statement_text(s, value_text(s->request, " HAVING count(*) > 0) p%zu", i));
    return true;
}

/* Begins with the rarest word. The resource is hidden from the planner by || '': the index that begins with it is the wrong one.
 */
bool search_select(struct statement *s, const struct search_words *words, const char *resources)
{
    statement_text(s, "SELECT d.resource, d.record_id, d.weight");
    for (size_t i = 0; i < words->count; i++) {
        if (i != words->rarest)
            statement_text(s, value_text(s->request, " + p%zu.weight", i));
    }
    statement_text(s, " AS rank FROM (SELECT s.resource, s.record_id, max(s.weight) AS weight FROM core.search_term s WHERE "
                      "s.tenant_id = $1 AND ");
    if (!put_match(s, words, words->rarest))
        return false;
    statement_text(s, " AND s.resource || '' = ANY (");
    if (!statement_arg(s, resources, "text[]"))
        return false;
    statement_text(s, ") GROUP BY s.resource, s.record_id) d");
    for (size_t i = 0; i < words->count; i++) {
        if (i != words->rarest && !put_probe(s, words, i))
            return false;
    }
    return true;
}

enum bl_status search_where(struct statement *s, const struct plan *plan, const char *q)
{
    struct search_words words = {0};
    enum bl_status status = search_words(s->request, q, &words);
    if (status != BL_OK)
        return status;
    statement_text(s, " AND t.id = ANY (ARRAY(SELECT h.record_id FROM (");
    if (!search_select(s, &words, resource_array(s->request, &plan->name, 1)))
        return bl_fail(s->request, BL_BAD_REQUEST, "too_many_words", NULL, "too many filters and words in one query");
    statement_text(s, ") h))");
    return BL_OK;
}

/* ---- GET …/search ---- */

const char *resource_readable(struct bl_request *r, const struct engine *engine)
{
    size_t count, n = 0;
    const struct plan *const *plans = plan_all(engine, &count);
    const char **names = bl_alloc(r, (count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++) {
        if (bl_may(r, plans[i]->read))
            names[n++] = plans[i]->name;
    }
    return resource_array(r, names, n);
}

/* A record that has every word; ref NULL: archived since. */
struct hit {
    const char *resource, *id, *ref, *title;
    int64_t rank;
};

struct hits {
    struct hit *hit;
    size_t count;
};

/* The best CANDIDATES records. */
static enum bl_status find_hits(struct bl_request *r, const struct search_words *words, struct hits *hits)
{
    struct statement s;
    struct bl_rows *rows;
    statement_start(&s, r);
    if (!search_select(&s, words, resource_readable(r, plan_route(r)->engine)))
        return bl_fail(r, BL_BAD_REQUEST, "too_many_words", NULL, "query parameter q: too many words");
    statement_text(&s, value_text(r, "\nORDER BY rank DESC, d.record_id DESC LIMIT %d", CANDIDATES));
    enum bl_status status = bl_sql(r, s.text, s.args, s.nargs, 0, &rows);
    hits->count = status == BL_OK ? (size_t)bl_count(r, rows) : 0;
    hits->hit = bl_alloc(r, (hits->count + 1) * sizeof *hits->hit);
    for (size_t i = 0; i < hits->count; i++)
        hits->hit[i] = (struct hit){
            .resource = bl_cell(r, rows, (int)i, 0), .id = bl_cell(r, rows, (int)i, 1), .rank = bl_integer(r, rows, (int)i, 2)};
    return status;
}

/* What people call a record: its BL_TITLE, else the reference. Archived records fall out here. */
static enum bl_status name_hits(struct bl_request *r, const struct plan *plan, struct hits *hits)
{
    struct bl_rows *rows;
    size_t n = 0;
    const char **ids = bl_alloc(r, (hits->count + 1) * sizeof *ids);
    for (size_t i = 0; i < hits->count; i++) {
        if (strcmp(hits->hit[i].resource, plan->name) == 0)
            ids[n++] = hits->hit[i].id;
    }
    if (n == 0)
        return BL_OK;
    const char *args[] = {resource_array(r, ids, n)};
    const char *sql =
        value_text(r,
                   "SELECT t.id, t.ref, t.%s::text FROM %s t WHERE t.tenant_id = $1 AND t.id = ANY ($2::uuid[]) AND "
                   "t.archived_at IS NULL",
                   plan->title != NULL ? plan->title->name : "ref", plan->resource->table);
    enum bl_status status = bl_sql(r, sql, args, 1, 0, &rows);
    for (int row = 0; status == BL_OK && row < bl_count(r, rows); row++) {
        const char *id = bl_cell(r, rows, row, 0);
        struct hit *hit = hits->hit;
        while (strcmp(hit->id, id) != 0 || strcmp(hit->resource, plan->name) != 0)
            hit++;
        hit->ref = bl_cell(r, rows, row, 1);
        hit->title = bl_cell(r, rows, row, 2);
    }
    return status;
}

static enum bl_status limit_of(struct bl_request *r, long *limit)
{
    const char *text = bl_query(r, "limit");
    char *end;
    *limit = text != NULL ? strtol(text, &end, 10) : LIMIT;
    if (text != NULL && (*end != '\0' || *text < '0' || *text > '9' || *limit < 1 || *limit > LIMIT_MAX))
        return bl_fail(r, BL_BAD_REQUEST, "bad_limit", NULL, "query parameter limit: a whole number from 1 to %d", LIMIT_MAX);
    return BL_OK;
}

static void answer(struct bl_request *r, const struct hits *hits, long limit)
{
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (size_t i = 0; i < hits->count && limit > 0; i++) {
        const struct hit *hit = &hits->hit[i];
        if (hit->ref == NULL)
            continue;
        limit--;
        bl_json_object(r, NULL);
        bl_json_text(r, "resource", hit->resource);
        bl_json_text(r, "id", hit->id);
        bl_json_text(r, "ref", hit->ref);
        bl_json_text(r, "title", hit->title);
        bl_json_integer(r, "rank", hit->rank);
        bl_json_text(r, "url", resource_url(r, plan_find(plan_route(r)->engine, hit->resource), hit->id));
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_close(r);
}

enum bl_status engine_search(struct bl_request *r)
{
    const char *q = bl_query(r, "q");
    struct search_words words = {0};
    struct hits hits = {0};
    long limit;
    size_t count;
    const struct plan *const *plans = plan_all(plan_route(r)->engine, &count);
    enum bl_status status = resource_known_query(r, "q limit");
    if (status == BL_OK)
        status = limit_of(r, &limit);
    if (status == BL_OK && q == NULL)
        status = bl_fail(r, BL_BAD_REQUEST, "no_words", NULL, "query parameter q: what to look for");
    if (status == BL_OK)
        status = search_words(r, q, &words);
    if (status == BL_OK)
        status = find_hits(r, &words, &hits);
    for (size_t i = 0; status == BL_OK && i < count; i++)
        status = name_hits(r, plans[i], &hits);
    if (status == BL_OK)
        answer(r, &hits, limit);
    return status;
}
