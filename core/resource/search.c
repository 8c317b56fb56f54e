/* Full-text search over a plain inverted index, which row-level security does not hide from the planner: a semi-join per word, a
 * prefix by range under COLLATE "C". */
#include "resource/search.h"

#include "resource/describe.h"
#include "resource/routes.h"
#include "resource/value.h"

#include <stdlib.h>
#include <string.h>

#define CANDIDATES 500 /* the best ranked that are looked up among the records; archived ones fall out there */
#define LIMIT_MAX 100
#define LIMIT 20

/* A compound ("e-mail", a whole URL) is left out, because its parts are in the index too and one may be half typed. Types of
 * tokens are those of ts_token_type('default'). */
static const char words_sql[] =
    "SELECT lower(p.token) FROM (SELECT FROM core.this_organisation WHERE tenant_id = $1) here,\n"
    "ts_parse('default', $2::text) WITH ORDINALITY p(type, token, n)\n"
    "WHERE p.type NOT IN (5, 12, 13, 14, 15, 16, 17, 23) GROUP BY 1 ORDER BY max(p.n)";

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
    words->count = (size_t)count;
    for (int i = 0; i < count; i++)
        words->word[i] = bl_cell(r, rows, i, 0);
    return BL_OK;
}

bool search_match(struct statement *s, const struct search_words *words, size_t i, const char *alias)
{
    const char *word = words->word[i];
    bool last = i == words->count - 1;
    statement_text(s, alias);
    statement_text(s, last ? ".lexeme >= " : ".lexeme = ");
    if (!statement_arg(s, word, "text"))
        return false;
    if (!last)
        return true;
    statement_text(s, " AND ");
    statement_text(s, alias);
    statement_text(s, ".lexeme < ");
    return statement_arg(s, value_text(s->request, "%s\xF4\x8F\xBF\xBF", word), "text"); /* U+10FFFF: above every character */
}

enum bl_status search_where(struct statement *s, const struct plan *plan, const char *q)
{
    struct search_words words;
    enum bl_status status = search_words(s->request, q, &words);
    for (size_t i = 0; status == BL_OK && i < words.count; i++) {
        statement_text(s, " AND t.id IN (SELECT s.record_id FROM core.search_term s WHERE s.tenant_id = $1 AND s.resource = '");
        statement_text(s, plan->name);
        statement_text(s, "' AND ");
        if (!search_match(s, &words, i, "s"))
            return bl_fail(s->request, BL_BAD_REQUEST, "too_many_words", NULL, "too many filters and words in one query");
        statement_text(s, ")");
    }
    return status;
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

/* hits: (resource, record_id, rank) of the records that have every word, the best first. */
static bool put_hits(struct statement *s, const struct search_words *words, const char *resources)
{
    statement_text(s, "WITH hits AS MATERIALIZED (SELECT w0.resource, w0.record_id, w0.weight");
    for (size_t i = 1; i < words->count; i++)
        statement_text(s, value_text(s->request, " + w%zu.weight", i));
    statement_text(s, " AS rank FROM ");
    for (size_t i = 0; i < words->count; i++) {
        char *alias = value_text(s->request, "w%zu", i);
        /* one row a record, also where several words begin so */
        statement_text(s, i > 0 ? " JOIN " : "");
        statement_text(
            s, "(SELECT s.resource, s.record_id, max(s.weight) AS weight FROM core.search_term s WHERE s.tenant_id = $1 AND ");
        if (!search_match(s, words, i, "s"))
            return false;
        statement_text(s, " AND s.resource = ANY (");
        if (!statement_arg(s, resources, "text[]"))
            return false;
        statement_text(s, ") GROUP BY s.resource, s.record_id) ");
        statement_text(s, alias);
        if (i > 0)
            statement_text(s, " USING (resource, record_id)");
    }
    statement_text(s, value_text(s->request, " ORDER BY rank DESC, w0.record_id DESC LIMIT %d)\n", CANDIDATES));
    return true;
}

/* What people call a record: its BL_TITLE, else the reference. */
static void put_branch(struct statement *s, const struct plan *plan, size_t number)
{
    statement_text(
        s, value_text(s->request,
                      "SELECT %zu AS branch, t.id, t.ref, t.%s::text AS title, h.rank FROM hits h JOIN %s t ON t.tenant_id = $1 "
                      "AND t.id = h.record_id AND t.archived_at IS NULL WHERE h.resource = '%s'",
                      number, plan->title != NULL ? plan->title->name : "ref", plan->resource->table, plan->name));
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

static void answer(struct bl_request *r, const struct engine *engine, const struct bl_rows *rows)
{
    size_t count;
    const struct plan *const *plans = plan_all(engine, &count);
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++) {
        const struct plan *plan = plans[bl_integer(r, rows, i, 0)];
        bl_json_object(r, NULL);
        bl_json_text(r, "resource", plan->name);
        bl_json_cell(r, "id", rows, i, 1);
        bl_json_cell(r, "ref", rows, i, 2);
        bl_json_cell(r, "title", rows, i, 3);
        bl_json_cell(r, "rank", rows, i, 4);
        bl_json_text(r, "url", resource_url(r, plan, bl_cell(r, rows, i, 1)));
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_close(r);
}

enum bl_status engine_search(struct bl_request *r)
{
    const struct engine *engine = plan_route(r)->engine;
    const char *q = bl_query(r, "q");
    struct search_words words;
    struct statement s;
    struct bl_rows *rows;
    long limit;
    size_t count;
    const struct plan *const *plans = plan_all(engine, &count);
    enum bl_status status = resource_known_query(r, "q limit");
    if (status == BL_OK)
        status = limit_of(r, &limit);
    if (status == BL_OK && q == NULL)
        status = bl_fail(r, BL_BAD_REQUEST, "no_words", NULL, "query parameter q: what to look for");
    if (status == BL_OK)
        status = search_words(r, q, &words);
    if (status != BL_OK)
        return status;
    statement_start(&s, r);
    if (!put_hits(&s, &words, resource_readable(r, engine)))
        return bl_fail(r, BL_BAD_REQUEST, "too_many_words", NULL, "query parameter q: too many words");
    for (size_t i = 0; i < count; i++) {
        statement_text(&s, i > 0 ? "\nUNION ALL " : "");
        put_branch(&s, plans[i], i);
    }
    statement_text(&s, "\nORDER BY rank DESC, id DESC LIMIT ");
    if (count == 0 || !statement_arg(&s, value_text(r, "%ld", limit), "integer"))
        return bl_fail(r, BL_NOT_FOUND, "nothing_loaded", NULL, "no area is loaded that could be searched");
    status = bl_sql(r, s.text, s.args, s.nargs, BL_FINAL, &rows);
    if (status == BL_OK)
        answer(r, engine, rows);
    return status;
}
