/* The sealed audit file. The client takes a copy of what the body may see, part by part, each with its hash; giving it sends the
 * copy. The body never reads the client's live records, and the copy ends on its day. Parts lie in certification.audit_file_part
 * of whoever has them. */
#include "certification.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct bl_field certification_file_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH,
     .label = "Audit file",
     .help = "What it is for.",
     .min = 1,
     .max = 200,
     .example = "File for stage 1"},
    {.name = "body_org",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Certification body",
     .help = "The short name of its organisation here.",
     .min = 3,
     .max = 40,
     .example = "outerwall"},
    {.name = "expires_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER | BL_DUE,
     .label = "Ends",
     .help = "The last day on which the body may read it.",
     .example = "2099-12-31"},
    {.name = "sealed_at", .type = BL_TIME, .flags = BL_SERVER, .label = "Sealed at", .help = "What it holds is of that moment."},
    {.name = "digest",
     .type = BL_TEXT,
     .flags = BL_SERVER,
     .max = 64,
     .label = "Hash",
     .help = "SHA-256 over the hashes of its parts, in their order."},
    {.name = "parts", .type = BL_INT, .flags = BL_SERVER, .label = "Parts", .help = "How many it holds."},
    {0},
};

const struct bl_state certification_file_states[] = {
    {.name = "draft", .label = "Draft", .help = "Nothing in it yet.", .flags = BL_INITIAL},
    {.name = "sealed", .label = "Sealed", .help = "Read it before you give it.", .flags = BL_FROZEN},
    {.name = "given", .label = "Given", .help = "The body has its copy.", .flags = BL_FROZEN},
    {.name = "recalled", .label = "Recalled", .help = "The body's copy is gone.", .flags = BL_FROZEN | BL_CLOSED},
    {0},
};

const struct bl_field certification_given_fields[] = {
    {.name = "title",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_TITLE | BL_SEARCH,
     .label = "Audit file",
     .help = "From the client.",
     .min = 1,
     .max = 200,
     .example = "File for stage 1"},
    {.name = "client_name",
     .type = BL_TEXT,
     .flags = BL_REQUIRED | BL_FILTER,
     .label = "Client",
     .help = "Who gave it.",
     .min = 1,
     .max = 200,
     .example = "Moat Hosting"},
    {.name = "expires_on",
     .type = BL_DATE,
     .flags = BL_REQUIRED | BL_FILTER | BL_DUE,
     .label = "Ends",
     .help = "The last day on which it may be read.",
     .example = "2099-12-31"},
    {.name = "digest", .type = BL_TEXT, .flags = BL_SERVER, .max = 64, .label = "Hash", .help = "As the client sealed it."},
    {.name = "sender", .type = BL_TEXT, .flags = BL_SERVER, .max = 36, .label = "Sent by", .help = "The client's organisation."},
    {.name = "source", .type = BL_TEXT, .flags = BL_SERVER | BL_FILTER, .max = 36, .label = "Its record", .help = "There."},
    {0},
};

/* Accounts and versions are no business of the body's. */
#define BARE(alias) "to_jsonb(" alias ") - '{tenant_id,version,created_by,updated_by,archived_at}'::text[]"
#define ALL_OF(table, alias, where, order)                                                                                       \
    "coalesce(jsonb_agg(" BARE(alias) " ORDER BY " order "), '[]') FROM " table " " alias " WHERE " alias                        \
                                      ".tenant_id = $1 AND " alias ".archived_at IS NULL" where

/* One statement a part; $2 the file. */
#define PART(place, name, select)                                                                                                \
    "INSERT INTO certification.audit_file_part (tenant_id, file_id, place, name, content, digest)"                               \
    " SELECT $1, $2, " place ", '" name                                                                                          \
    "', p.content, encode(sha256(convert_to(p.content::text, 'UTF8')), 'hex') FROM (SELECT " select ") p (content)"
static const struct {
    const char *area, *sql;
} parts[] = {
    {"context", PART("1", "Scope in force", ALL_OF("context.scope", "s", " AND s.status = 'in_force'", "s.id"))},
    {"planning",
     PART("2", "Statement of Applicability", ALL_OF("planning.soa_version", "s", " AND s.status = 'published'", "s.id"))},
    {"planning", PART("3", "Lines of the Statement of Applicability",
                      ALL_OF("planning.soa_row", "w",
                             " AND EXISTS (SELECT FROM planning.soa_version s"
                             " WHERE s.tenant_id = $1 AND s.id = w.soa_id AND s.status = 'published')",
                             "w.id"))},
    {"planning", PART("4", "Risk register", ALL_OF("planning.risk", "k", "", "k.id"))},
    {"planning", PART("5", "Treatment", ALL_OF("planning.treatment_action", "k", "", "k.id"))},
    {"support", PART("6", "Mandatory documents", ALL_OF("support.document", "d", " AND d.mandatory_id IS NOT NULL", "d.id"))},
    {"evaluation", PART("7", "Internal audits", ALL_OF("evaluation.audit", "a", "", "a.id"))},
    {"evaluation", PART("8", "Management reviews", ALL_OF("evaluation.management_review", "m", "", "m.id"))},
};

static const char whole[] = "SELECT encode(sha256(convert_to(string_agg(digest, '' ORDER BY place), 'UTF8')), 'hex'), count(*)"
                            " FROM certification.audit_file_part WHERE tenant_id = $1 AND file_id = $2";

static enum bl_status seal(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    enum bl_status status = BL_OK;
    if (certification_day_in(change->after, "expires_on") < certification_today(r))
        return bl_fail(r, BL_UNPROCESSABLE, "over", "/expires_on", "its last day has passed: give a later one");
    for (size_t i = 0; status == BL_OK && i < sizeof parts / sizeof *parts; i++)
        if (bl_loaded(r, parts[i].area))
            status = bl_sql(r, parts[i].sql, &change->id, 1, 0, &rows);
    if (status == BL_OK)
        status = bl_sql(r, whole, &change->id, 1, 0, &rows);
    if (status == BL_OK && bl_integer(r, rows, 0, 1) == 0)
        return bl_fail(r, BL_CONFLICT, "nothing_to_seal", NULL, "no area that could be shown is loaded");
    if (status)
        return status;
    json_object_set_new(change->after, "digest", json_string(bl_cell(r, rows, 0, 0)));
    json_object_set_new(change->after, "parts", json_integer(bl_integer(r, rows, 0, 1)));
    return BL_OK;
}

static const char to_give[] =
    "SELECT f.body_org, json_build_object('source', f.id, 'title', f.title, 'client_name', o.name, 'expires_on', f.expires_on, "
    "'digest', f.digest,"
    " 'parts', (SELECT json_agg(json_build_object('place', p.place, 'name', p.name, 'content', p.content::text, 'digest', "
    "p.digest) "
    "ORDER BY p.place)"
    " FROM certification.audit_file_part p WHERE p.tenant_id = $1 AND p.file_id = f.id))::text"
    " FROM certification.audit_file f CROSS JOIN core.this_organisation o WHERE f.tenant_id = $1 AND f.id = $2";
static const char to_recall[] =
    "SELECT f.body_org, json_build_object('source', f.id, 'recalled', true)::text FROM certification.audit_file f"
    " WHERE f.tenant_id = $1 AND f.id = $2";

static enum bl_status hand_over(struct bl_request *r, const struct bl_change *change)
{
    struct bl_rows *rows;
    const char *id;
    enum bl_status status = bl_sql(r, strcmp(change->verb, "give") == 0 ? to_give : to_recall, &change->id, 1, 0, &rows);
    if (status == BL_OK)
        status = certification_engaged(r, bl_cell(r, rows, 0, 0), "/body_org", &id);
    if (status)
        return status;
    json_t *message = json_loads(bl_cell(r, rows, 0, 1), 0, NULL);
    bl_defer(r, certification_release, message);
    return bl_send(r, id, "certification.audit_file", message);
}

const struct bl_transition certification_file_transitions[] = {
    {.name = "seal",
     .from = "draft",
     .to = "sealed",
     .sets = "sealed_at=now",
     .rule = seal,
     .label = "Seal",
     .help =
         "Takes a copy of scope, Statement of Applicability, risks, treatment, mandatory documents and reports as they are now."},
    {.name = "give",
     .from = "sealed",
     .to = "given",
     .permission = "approve",
     .after = hand_over,
     .label = "Give",
     .help = "Sends the copy to the body. By top management."},
    {.name = "recall",
     .from = "given",
     .to = "recalled",
     .permission = "approve",
     .flags = BL_REASON,
     .after = hand_over,
     .label = "Recall",
     .help = "The body's copy is deleted; say why."},
    {0},
};

/* ---- at the body */

static enum bl_status drop(struct bl_request *r, const char *from, const char *source)
{
    struct bl_rows *rows;
    const char *args[] = {from, source};
    return bl_sql(r,
                  "DELETE FROM certification.audit_file_part p USING certification.received_file f WHERE p.tenant_id = $1 AND "
                  "f.tenant_id = $1"
                  " AND p.file_id = f.id AND f.sender = $2 AND f.source = $3",
                  args, 2, 0, &rows);
}

/* Contents travel as text, so that no number changes its spelling on the way. The hashes are computed anew here: a part that does
 * not carry its own is refused as a whole. */
static const char keep_parts[] =
    "INSERT INTO certification.audit_file_part (tenant_id, file_id, place, name, content, digest)"
    " SELECT $1, $2, (p ->> 'place')::int, p ->> 'name', (p ->> 'content')::jsonb, p ->> 'digest' FROM "
    "jsonb_array_elements($3::jsonb) p"
    " WHERE p ->> 'digest' = encode(sha256(convert_to((p ->> 'content')::jsonb::text, 'UTF8')), 'hex')";

enum bl_status certification_file_receive(struct bl_request *r, const char *from, const json_t *message)
{
    struct bl_rows *rows;
    json_t *record = NULL;
    const char *source = bl_text(message, "source");
    enum bl_status status = certification_engaged_as(r, "provider", from);
    if (status == BL_OK && json_is_true(json_object_get(message, "recalled")))
        return drop(r, from, source);
    json_t *body = json_pack("{s:s?, s:s?, s:s?}", "title", bl_text(message, "title"), "client_name",
                             bl_text(message, "client_name"), "expires_on", bl_text(message, "expires_on"));
    bl_defer(r, certification_release, body);
    if (status == BL_OK)
        status = bl_create(r, "certification.received_files", body, &record);
    char *text = json_dumps(json_object_get(message, "parts"), JSON_COMPACT);
    bl_defer(r, free, text);
    const char *keep[] = {bl_text(record, "id"), text}, *mark[] = {keep[0], from, source, bl_text(message, "digest")};
    if (status == BL_OK)
        status = bl_sql(r, keep_parts, keep, 2, 0, &rows);
    if (status == BL_OK)
        status = bl_sql(r, whole, keep, 1, 0, &rows);
    if (status == BL_OK && (!mark[3] || !bl_cell(r, rows, 0, 0) || strcmp(bl_cell(r, rows, 0, 0), mark[3]) != 0))
        return bl_fail(r, BL_UNPROCESSABLE, "digest_differs", "/digest", "the parts are not those that were sealed");
    return status == BL_OK ? bl_sql(r,
                                    "UPDATE certification.received_file SET sender = $3, source = $4, digest = $5 WHERE "
                                    "tenant_id = $1 AND id = $2",
                                    mark, 4, 0, &rows)
                           : status;
}

/* What has ended is deleted, at the body and at the client. */
enum bl_status certification_file_end(struct bl_request *r)
{
    struct bl_rows *rows;
    return bl_sql(r,
                  "DELETE FROM certification.audit_file_part p WHERE p.tenant_id = $1 AND (EXISTS (SELECT FROM "
                  "certification.received_file f WHERE f.tenant_id = $1"
                  " AND f.id = p.file_id AND f.expires_on < core.today()) OR EXISTS (SELECT FROM certification.audit_file f "
                  "WHERE f.tenant_id = $1"
                  " AND f.id = p.file_id AND f.expires_on < core.today()))",
                  NULL, 0, 0, &rows);
}

static const char read_parts[] =
    "SELECT json_build_object('place', p.place, 'name', p.name, 'content', p.content, 'digest', p.digest, 'intact',"
    " p.digest = encode(sha256(convert_to(p.content::text, 'UTF8')), 'hex'))::text, f.id IS NOT NULL FROM certification.%s f"
    " LEFT JOIN certification.audit_file_part p ON p.tenant_id = f.tenant_id AND p.file_id = f.id AND f.expires_on >= "
    "core.today()"
    " WHERE f.tenant_id = $1 AND f.id = $2 AND f.archived_at IS NULL ORDER BY p.place";

static enum bl_status put_parts(struct bl_request *r, const char *table)
{
    struct bl_rows *rows;
    const char *id = bl_param(r, "id");
    char sql[700];
    snprintf(sql, sizeof sql, read_parts, table);
    enum bl_status status = bl_sql(r, sql, &id, 1, BL_FINAL, &rows);
    if (status)
        return status;
    if (bl_count(r, rows) == 0)
        return bl_fail(r, BL_NOT_FOUND, "not_found", NULL, "there is no such audit file");
    if (!bl_cell(r, rows, 0, 0) || strstr(bl_cell(r, rows, 0, 0), "\"place\" : null"))
        return bl_fail(r, BL_CONFLICT, "nothing_in_it", NULL,
                       "the file holds nothing: it is not sealed yet, has ended or was recalled");
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++)
        bl_json_raw(r, NULL, bl_cell(r, rows, i, 0));
    bl_json_close(r);
    bl_json_bool(r, "more", false);
    bl_json_close(r);
    return BL_OK;
}

/* GET audit-files/{id}/content, GET received-files/{id}/content */
enum bl_status certification_file_content(struct bl_request *r)
{
    return put_parts(r, "audit_file");
}

enum bl_status certification_given_content(struct bl_request *r)
{
    return put_parts(r, "received_file");
}
