#include "resource/sql.h"

#include "base/buf.h"
#include "plugin/shape.h"

#include <stdio.h>
#include <string.h>

static void put_literal(struct buf *b, const char *text)
{
    buf_char(b, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            buf_char(b, '\'');
        buf_char(b, *text);
    }
    buf_char(b, '\'');
}

static void put_select(struct buf *b, const struct plan *plan)
{
    for (size_t i = 0; i < plan->column_count; i++)
        buf_format(b, "%st.%s", i ? ", " : "", plan->columns[i].name);
}

/* What an event compares: the state and the fields as the API shows them, as one jsonb. Functions take 100 arguments, hence
 * parts. */
static void put_content(struct buf *b, const struct plan *plan, const char *alias)
{
    enum { PART = 40 };
    size_t n = 0;
    for (size_t i = 0; i < plan->column_count; i++) {
        const struct plan_column *c = &plan->columns[i];
        if (c->field == NULL && (int)i != plan->status)
            continue;
        buf_text(b, n == 0 ? "jsonb_build_object(" : n % PART == 0 ? ") || jsonb_build_object(" : ", ");
        put_literal(b, c->name);
        if (c->type == BL_TIME)
            buf_format(b, ", to_char(%s.%s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')", alias, c->name);
        else if (c->type == BL_DECIMAL)
            buf_format(b, ", %s.%s::text", alias, c->name);
        else
            buf_format(b, ", %s.%s", alias, c->name);
        n++;
    }
    buf_text(b, n == 0 ? "'{}'::jsonb" : ")");
}

static void put_first_change(struct buf *b, const struct plan *plan)
{
    buf_text(b, "(SELECT coalesce(jsonb_object_agg(a.key, jsonb_build_array(NULL, a.value)), '{}') FROM jsonb_each(");
    put_content(b, plan, "n");
    buf_text(b, ") a WHERE a.value <> 'null')");
}

static void put_change(struct buf *b, const struct plan *plan)
{
    buf_text(b, "(SELECT coalesce(jsonb_object_agg(a.key, jsonb_build_array(b.value, a.value)), '{}') FROM jsonb_each(");
    put_content(b, plan, "n");
    buf_text(b, ") a JOIN jsonb_each(");
    put_content(b, plan, "o");
    buf_text(b, ") b USING (key) WHERE a.value <> b.value)");
}

static void put_event_start(struct buf *b, const struct plan *plan, const char *verb, const char *id)
{
    buf_text(
        b,
        ",\nevent AS (INSERT INTO core.event (tenant_id, id, actor, resource, record_id, ref, verb, version, request_id, reason, "
        "change)\n  SELECT $1::uuid, ");
    buf_format(b, "%s, $3::uuid, ", id);
    put_literal(b, plan->name);
    buf_text(b, ", n.id, n.ref, ");
    put_literal(b, verb);
    buf_text(b, ", n.version, $5::text, ");
}

static bool searched(const struct plan *plan)
{
    for (const struct bl_field *f = plan->resource->fields; f->name; f++)
        if (f->flags & BL_SEARCH)
            return true;
    return false;
}

static int weight(const struct bl_field *f)
{
    return (f->flags & BL_SEARCH) == 0 ? 0 : f->flags & BL_TITLE ? 4 : f->flags & BL_LONG ? 1 : 2;
}

/* The words of record n with the greatest weight of each: (lexeme, weight). */
static void put_words(struct buf *b, const struct plan *plan)
{
    buf_text(b, "SELECT w.lexeme, max(w.weight) AS weight FROM (");
    for (int w = 4; w > 0; w--) {
        bool some = w == 4; /* the reference is always among the heaviest */
        for (const struct bl_field *f = plan->resource->fields; f->name; f++)
            some = some || weight(f) == w;
        if (!some)
            continue;
        if (w < 4)
            buf_text(b, " UNION ALL ");
        buf_format(b, "SELECT lexeme, %d AS weight FROM unnest(to_tsvector('simple', concat_ws(' '", w);
        if (w == 4)
            buf_text(b, ", n.ref");
        for (const struct bl_field *f = plan->resource->fields; f->name; f++)
            if (weight(f) == w)
                buf_format(b, f->type == BL_LIST ? ", array_to_string(n.%s, ' ')" : ", n.%s", f->name);
        buf_text(b, ")))");
    }
    buf_text(b, ") w GROUP BY w.lexeme");
}

static void put_terms_insert(struct buf *b, const struct plan *plan, const char *source)
{
    buf_text(b,
             "INSERT INTO core.search_term AS s (tenant_id, lexeme, resource, record_id, weight)\n  SELECT $1::uuid, x.lexeme, ");
    put_literal(b, plan->name);
    buf_format(b, ", x.id, x.weight::smallint FROM (%s) x", source);
}

static void put_terms_of_new(struct buf *b, const struct plan *plan, struct arena *arena)
{
    if (!searched(plan))
        return;
    struct buf words = buf_new(arena, 1024);
    buf_text(&words, "SELECT n.id, k.lexeme, k.weight FROM new n, LATERAL (");
    put_words(&words, plan);
    buf_text(&words, ") k");
    buf_text(b, ",\nterms AS (");
    put_terms_insert(b, plan, words.data);
    buf_char(b, ')');
}

/* Only when a searched field changed. Deleting and inserting must not meet on one key: the order of the parts is not defined. */
static void put_terms_of_changed(struct buf *b, const struct plan *plan)
{
    if (!searched(plan))
        return;
    buf_text(b, ",\nretold AS (SELECT n.* FROM new n, old o WHERE (");
    const char *comma = "";
    for (int side = 0; side < 2; side++) {
        buf_text(b, side ? ") IS DISTINCT FROM (" : "");
        comma = "";
        for (const struct bl_field *f = plan->resource->fields; f->name; f++) {
            if (weight(f) == 0)
                continue;
            buf_format(b, "%s%c.%s", comma, side ? 'o' : 'n', f->name);
            comma = ", ";
        }
    }
    buf_text(b, ")),\nwords AS (SELECT n.id, k.lexeme, k.weight FROM retold n, LATERAL (");
    put_words(b, plan);
    buf_text(b, ") k),\nforgotten AS (DELETE FROM core.search_term s USING retold n WHERE s.tenant_id = $1 AND s.resource = ");
    put_literal(b, plan->name);
    buf_text(b, " AND s.record_id = n.id AND s.lexeme NOT IN (SELECT w.lexeme FROM words w)),\nterms AS (");
    put_terms_insert(b, plan, "SELECT * FROM words");
    buf_text(b, "\n  ON CONFLICT (tenant_id, lexeme, resource, record_id) DO UPDATE SET weight = excluded.weight"
                " WHERE s.weight <> excluded.weight)");
}

/* The rows of create_many: n counts them from 1, f3 is fields[3] as text. */
static void put_input(struct buf *b, const struct plan *plan)
{
    buf_text(b, "input AS (SELECT r.n, r.id::uuid AS id, r.event::uuid AS event");
    for (size_t i = 0; i < plan->field_count; i++)
        if (sql_stored(&plan->resource->fields[i]))
            buf_format(b, ", r.f%zu::%s AS f%zu", i, plan->columns[plan->field + i].cast, i);
    buf_text(b, "\n  FROM jsonb_to_recordset($2::jsonb) AS r(n bigint, id text, event text");
    for (size_t i = 0; i < plan->field_count; i++)
        if (sql_stored(&plan->resource->fields[i]))
            buf_format(b, ", f%zu text", i);
    buf_text(b, ")),\n");
}

static void put_counter(struct buf *b, const struct plan *plan, const char *count)
{
    buf_text(b, "counter AS (INSERT INTO core.counter AS c (tenant_id, register, value) VALUES ($1, ");
    put_literal(b, plan->name);
    buf_format(b, ", %s)\n  ON CONFLICT (tenant_id, register) DO UPDATE SET value = c.value + %s RETURNING value),\n", count,
               count);
}

static const char *create(struct arena *arena, const struct plan *plan, bool many)
{
    struct buf b = buf_new(arena, 4096);
    buf_text(&b, "WITH ");
    if (many)
        put_input(&b, plan);
    put_counter(&b, plan, many ? "$4::bigint" : "1");
    buf_format(&b, "new AS (INSERT INTO %s (tenant_id, id, ref, version, created_at, created_by, updated_at, updated_by",
               plan->resource->table);
    if (plan->status >= 0)
        buf_text(&b, ", status");
    for (const struct bl_field *f = plan->resource->fields; f->name; f++)
        if (sql_stored(f))
            buf_format(&b, ", %s", f->name);
    buf_format(&b, ")\n  SELECT $1::uuid, %s, ", many ? "i.id" : "$2::uuid");
    put_literal(&b, plan->resource->prefix);
    buf_format(&b, " || '-' || %s, 1, now(), $3::uuid, now(), $3::uuid", many ? "(value - $4::bigint + i.n)" : "value");
    if (plan->status >= 0) {
        const struct bl_state *initial = plan->resource->states;
        while ((initial->flags & BL_INITIAL) == 0)
            initial++;
        buf_text(&b, ", ");
        put_literal(&b, initial->name);
    }
    int n = SQL_CREATE_FIELDS;
    for (size_t i = 0; i < plan->field_count; i++) {
        if (!sql_stored(&plan->resource->fields[i]))
            continue;
        if (many)
            buf_format(&b, ", i.f%zu", i);
        else
            buf_format(&b, ", $%d::%s", n++, plan->columns[plan->field + i].cast);
    }
    buf_format(&b, " FROM counter%s RETURNING *)", many ? ", input i" : "");
    put_event_start(&b, plan, "create", many ? "i.event" : "$4::uuid");
    buf_text(&b, "NULL,\n  ");
    put_first_change(&b, plan);
    buf_format(&b, " FROM new n%s)", many ? " JOIN input i ON i.id = n.id" : "");
    put_terms_of_new(&b, plan, arena);
    buf_format(&b, "\nSELECT %s, true AS written FROM new t", plan->select);
    return b.data;
}

static void put_old(struct buf *b, const struct plan *plan)
{
    buf_format(b, "WITH old AS (SELECT t.* FROM %s t WHERE t.tenant_id = $1 AND t.id = $2::uuid FOR UPDATE)",
               plan->resource->table);
}

static void put_answer(struct buf *b, const struct plan *plan)
{
    buf_format(
        b, "\nSELECT %s, true AS written FROM new t\nUNION ALL SELECT %s, false FROM old t WHERE NOT EXISTS (SELECT FROM new)",
        plan->select, plan->select);
}

static void put_states(struct buf *b, const struct plan *plan, uint64_t set)
{
    const char *comma = "";
    for (size_t i = 0; plan->resource->states[i].name; i++) {
        if ((set >> i & 1) == 0)
            continue;
        buf_text(b, comma);
        put_literal(b, plan->resource->states[i].name);
        comma = ", ";
    }
}

/* Takes parameter n for field i when its bit is set in the mask. */
static void put_case(struct buf *b, const struct plan *plan, size_t i, int mask, int n)
{
    buf_format(b, "CASE WHEN $%d::bigint & %llu <> 0 THEN $%d::%s ELSE o.%s END", mask, 1ULL << i, n,
               plan->columns[plan->field + i].cast, plan->resource->fields[i].name);
}

/* Compared with `old`, which the lock made current: the snapshot may still show t as it was before. */
static const char *update(struct arena *arena, const struct plan *plan)
{
    struct buf b = buf_new(arena, 4096);
    struct buf sets = buf_new(arena, 512), was = buf_new(arena, 512), now = buf_new(arena, 512), wanted = buf_new(arena, 1024);
    int n = SQL_UPDATE_FIELDS;
    for (size_t i = 0; i < plan->field_count; i++) {
        const struct bl_field *f = &plan->resource->fields[i];
        if (!sql_stored(f))
            continue;
        const char *comma = was.length ? ", " : "";
        buf_format(&sets, "%s = w.%s, ", f->name, f->name);
        buf_format(&was, "%so.%s", comma, f->name);
        buf_format(&now, "%sw.%s", comma, f->name);
        buf_text(&wanted, ", ");
        put_case(&wanted, plan, i, 7, n++);
        buf_format(&wanted, " AS %s", f->name);
    }
    put_old(&b, plan);
    buf_format(&b, ",\nwanted AS (SELECT o.id%s\n  FROM old o WHERE o.version = coalesce($6::integer, o.version) AND ",
               wanted.data);
    buf_text(&b, "o.archived_at IS NULL");
    if (plan->frozen) {
        buf_text(&b, " AND o.status NOT IN (");
        put_states(&b, plan, plan->frozen);
        buf_char(&b, ')');
    }
    buf_format(&b, "),\nnew AS (UPDATE %s t SET %sversion = o.version + 1, updated_at = now(), updated_by = $3::uuid\n",
               plan->resource->table, sets.data);
    buf_format(
        &b, "  FROM old o JOIN wanted w ON w.id = o.id WHERE t.tenant_id = $1 AND t.id = o.id AND (%s) IS DISTINCT FROM (%s)\n",
        was.data, now.data);
    buf_text(&b, "  RETURNING t.*)");
    put_event_start(&b, plan, "update", "$4::uuid");
    buf_text(&b, "NULL,\n  ");
    put_change(&b, plan);
    buf_text(&b, " FROM new n, old o)");
    put_terms_of_changed(&b, plan);
    put_answer(&b, plan);
    return b.data;
}

#define STAMP(alias) "to_char(" alias ".archived_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

static const char *archive(struct arena *arena, const struct plan *plan, bool restore)
{
    struct buf b = buf_new(arena, 2048);
    put_old(&b, plan);
    buf_format(&b, ",\nnew AS (UPDATE %s t SET archived_at = %s, version = o.version + 1, updated_at = now()\n",
               plan->resource->table, restore ? "NULL" : "now()");
    buf_text(&b, "  FROM old o WHERE t.tenant_id = $1 AND t.id = o.id AND o.version = coalesce($6::integer, o.version)");
    buf_format(&b, " AND o.archived_at IS %sNULL\n  RETURNING t.*)", restore ? "NOT " : "");
    put_event_start(&b, plan, restore ? "restore" : "archive", "$4::uuid");
    buf_text(&b, "NULL,\n  jsonb_build_object('archived_at', jsonb_build_array(" STAMP("o") ", " STAMP("n") "))");
    buf_text(&b, " FROM new n, old o)");
    put_answer(&b, plan);
    return b.data;
}

/* "approved_at=now approved_by=actor": the engine's own words only, so that a descriptor cannot bring SQL here. */
static void put_sets(struct buf *b, const struct plan *plan, const char *sets)
{
    static const char *const words[][2] = {
        {"now", "now()"}, {"today", "(now() AT TIME ZONE 'UTC')::date"}, {"actor", "$3::uuid"}};
    size_t length;
    for (const char *word = shape_word(&sets, &length); length; word = shape_word(&sets, &length)) {
        const char *equals = memchr(word, '=', length);
        if (equals == NULL)
            continue;
        size_t rest = length - (size_t)(equals + 1 - word);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strlen(words[i][0]) == rest && memcmp(words[i][0], equals + 1, rest) == 0)
                buf_format(b, ", %.*s = %s", (int)(equals - word), word, words[i][1]);
        if (rest == 5 && memcmp("input", equals + 1, rest) == 0) {
            const char *name = arena_format(b->arena, "%.*s", (int)(equals - word), word);
            buf_format(b, ", %s = ($7::jsonb ->> '%s')::%s", name, name, plan_column(plan, name)->cast);
        }
    }
}

static bool set_by(const char *sets, const char *field)
{
    size_t length, wanted = strlen(field);
    for (const char *word = shape_word(&sets, &length); length; word = shape_word(&sets, &length))
        if (length > wanted && word[wanted] == '=' && memcmp(word, field, wanted) == 0)
            return true;
    return false;
}

static uint64_t taken_by(const struct plan *plan, const struct bl_transition *t)
{
    uint64_t taken = 0;
    for (size_t i = 0; i < plan->field_count; i++) {
        const struct bl_field *f = &plan->resource->fields[i];
        if ((f->flags & BL_SERVER) && t->rule && !set_by(t->sets, f->name))
            taken |= 1ULL << i;
    }
    return taken;
}

/* The row was locked and looked at before: nothing is asked again here. */
static const char *transition(struct arena *arena, const struct plan *plan, const struct plan_transition *pt)
{
    const struct bl_transition *t = pt->transition;
    struct buf b = buf_new(arena, 2048);
    put_old(&b, plan);
    buf_format(&b, ",\nnew AS (UPDATE %s t SET version = o.version + 1, updated_at = now()", plan->resource->table);
    if (t->to) {
        buf_text(&b, ", status = ");
        put_literal(&b, t->to);
    }
    put_sets(&b, plan, t->sets);
    int n = SQL_TRANSITION_FIELDS;
    for (size_t i = 0; i < plan->field_count; i++)
        if (pt->taken >> i & 1) {
            buf_format(&b, ", %s = ", plan->resource->fields[i].name);
            put_case(&b, plan, i, 8, n++);
        }
    buf_text(&b, "\n  FROM old o WHERE t.tenant_id = $1 AND t.id = o.id\n  RETURNING t.*)");
    put_event_start(&b, plan, t->name, "$4::uuid");
    buf_text(&b, "$6::text,\n  ");
    put_change(&b, plan);
    buf_text(
        &b,
        "\n  || CASE WHEN $7::jsonb IS NULL THEN '{}' ELSE jsonb_build_object('input', jsonb_build_array(NULL, $7::jsonb)) END");
    buf_text(&b, " FROM new n, old o)");
    put_terms_of_changed(&b, plan);
    put_answer(&b, plan);
    return b.data;
}

void sql_order(const struct plan *plan, const struct plan_sort *sort, char out[SQL_ORDER])
{
    size_t used = 0;
    for (size_t i = 0; i < sort->count; i++) {
        const struct plan_column *c = &plan->columns[sort->keys[i].column];
        int n = snprintf(out + used, SQL_ORDER - used, "%st.%s%s%s", i ? ", " : "", c->name,
                         sort->keys[i].descending ? " DESC" : "", c->nullable ? " NULLS LAST" : "");
        used += n > 0 ? (size_t)n : 0;
    }
}

void sql_compile(struct arena *arena, struct plan *plan)
{
    const char *table = plan->resource->table;
    struct buf select = buf_new(arena, 512);
    put_select(&select, plan);
    plan->select = select.data;

    plan->sql_read = arena_format(arena, "SELECT %s FROM %s t WHERE t.tenant_id = $1 AND t.id = $2::uuid", plan->select, table);
    plan->sql_there = arena_format(arena, "SELECT 1 FROM %s t WHERE t.tenant_id = $1 AND t.id = $2::uuid", table);
    plan->sql_lock = arena_format(arena, "%s FOR UPDATE", plan->sql_read);
    char order[SQL_ORDER];
    sql_order(plan, &plan->sort, order);
    plan->sql_list =
        arena_format(arena, "SELECT %s FROM %s t WHERE t.tenant_id = $1 AND t.archived_at IS NULL ORDER BY %s LIMIT %d",
                     plan->select, table, order, PLAN_PAGE + 1);
    plan->sql_create = create(arena, plan, false);
    plan->sql_create_many = create(arena, plan, true);
    plan->sql_update = update(arena, plan);
    plan->sql_archive = archive(arena, plan, false);
    plan->sql_restore = archive(arena, plan, true);
    for (size_t i = 0; i < plan->transition_count; i++) {
        plan->transitions[i].taken = taken_by(plan, plan->transitions[i].transition);
        plan->transitions[i].sql = transition(arena, plan, &plan->transitions[i]);
    }

    struct buf history = buf_new(arena, 1024);
    buf_format(&history,
               "SELECT e.id, e.at, e.actor, m.name, e.verb, e.version, e.reason, e.change::text\n"
               "FROM %s t LEFT JOIN LATERAL (SELECT * FROM core.event e WHERE e.tenant_id = $1 AND e.resource = ",
               table);
    put_literal(&history, plan->name);
    buf_text(&history, " AND e.record_id = $2::uuid\n"
                       "  AND e.id < coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') ORDER BY e.id DESC LIMIT "
                       "$4::integer) e ON true\n"
                       "LEFT JOIN core.member m ON m.tenant_id = $1 AND m.id = e.actor\n"
                       "WHERE t.tenant_id = $1 AND t.id = $2::uuid ORDER BY e.id DESC");
    plan->sql_history = history.data;
}
