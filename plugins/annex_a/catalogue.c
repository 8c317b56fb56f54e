/* Annex A of both editions, shared by all tenants, and adopting from it. */
#include "annex_a.h"
#include <stdio.h>
#include <string.h>

/* The words that a filter takes; NULL: any text. In the order of the statement's parameters. */
static const struct filter {
    const char *name, *words;
} filters[] = {
    {"edition", ANNEX_A_EDITIONS},
    {"id", NULL},
    {"section", NULL},
    {"objective", NULL},
    {"theme", "organizational people physical technological"},
    {"type", "preventive detective corrective"},
    {"property", "C I A"},
    {"concept", "Identify Protect Detect Respond Recover"},
    {"capability", "Application_security Asset_management Continuity Governance Human_resource_security "
                   "Identity_and_access_management Information_protection Information_security_assurance "
                   "Information_security_event_management Legal_and_compliance Physical_security Secure_configuration "
                   "Supplier_relationships_security System_and_network_security Threat_and_vulnerability_management"},
    {"domain", "Governance_and_Ecosystem Protection Defence Resilience"},
    {"new", "yes no"},
    {"clause", NULL},
    {"q", NULL},
};
enum { FILTERS = sizeof filters / sizeof *filters };

static bool is_word(const char *words, const char *value)
{
    size_t length = strcspn(value, " ");
    for (const char *at = words; length > 0 && value[length] == '\0' && (at = strstr(at, value)) != NULL; at++)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

enum bl_status annex_a_filter(struct bl_request *r, const char *name, const char *words, const char **value)
{
    *value = bl_query(r, name);
    if (*value && words && !is_word(words, *value))
        return bl_fail(r, BL_BAD_REQUEST, "bad_filter", NULL, "query parameter %s: must be one of %s", name, words);
    return BL_OK;
}

/* Every word of q must be in the number, the title or the summary. $2… as in `filters`. */
static const char list[] =
    "SELECT json_build_object('edition', k.edition, 'id', k.id, 'title', k.title, 'section_id', k.section_id, 'section', "
    "k.section,"
    " 'objective_id', k.objective_id, 'objective', k.objective, 'theme', k.theme, 'control_type', k.control_type,"
    " 'security_properties', k.security_properties, 'cybersecurity_concepts', k.cybersecurity_concepts,"
    " 'operational_capabilities', k.operational_capabilities, 'security_domains', k.security_domains, 'new', k.is_new,"
    " 'summary', k.summary,"
    " 'clauses', (SELECT coalesce(json_agg(o.clause ORDER BY o.place), '[]') FROM annex_a.clause_overlap o"
    " WHERE o.edition = k.edition AND o.control_id = k.id), 'clauses_source', (SELECT min(o.source) FROM annex_a.clause_overlap o"
    " WHERE o.edition = k.edition AND o.control_id = k.id),"
    " 'corresponds_to', (SELECT coalesce(json_agg(CASE k.edition WHEN '2013' THEN m.to_2022 ELSE m.from_2013 END ORDER BY "
    "m.place),"
    " '[]') FROM annex_a.mapping m WHERE CASE k.edition WHEN '2013' THEN m.from_2013 ELSE m.to_2022 END = k.id"
    " AND m.relation <> 'new'),"
    " 'control_id', c.id, 'control_ref', c.ref, 'control_status', c.status, 'credit',"
    " annex_a.has_credit(c.status, c.evidence_until, c.last_result, c.next_test_on))::text"
    " FROM annex_a.catalogue k LEFT JOIN annex_a.control c"
    " ON c.tenant_id = $1 AND c.edition = k.edition AND c.catalogue_id = k.id AND c.archived_at IS NULL"
    " WHERE ($2::text IS NULL OR k.edition = $2) AND ($3::text IS NULL OR k.id = $3) AND ($4::text IS NULL OR k.section_id = $4)"
    " AND ($5::text IS NULL OR k.objective_id = $5) AND ($6::text IS NULL OR k.theme = $6)"
    " AND ($7::text IS NULL OR $7 = ANY (k.control_type)) AND ($8::text IS NULL OR $8 = ANY (k.security_properties))"
    " AND ($9::text IS NULL OR $9 = ANY (k.cybersecurity_concepts))"
    " AND ($10::text IS NULL OR $10 = ANY (k.operational_capabilities)) AND ($11::text IS NULL OR $11 = ANY (k.security_domains))"
    " AND ($12::text IS NULL OR k.is_new = ($12 = 'yes'))"
    " AND ($13::text IS NULL OR EXISTS (SELECT FROM annex_a.clause_overlap o WHERE o.edition = k.edition AND o.control_id = k.id"
    " AND o.clause = $13))"
    " AND NOT EXISTS (SELECT FROM regexp_split_to_table(lower(coalesce($14::text, '')), '\\s+') w"
    " WHERE position(w in lower(k.id || ' ' || k.title || ' ' || coalesce(k.summary, ''))) = 0)"
    " ORDER BY k.edition DESC, k.place";

/* GET catalogue */
enum bl_status annex_a_catalogue(struct bl_request *r)
{
    const char *args[FILTERS];
    struct bl_rows *rows;
    enum bl_status status = BL_OK;
    for (size_t i = 0; status == BL_OK && i < FILTERS; i++)
        status = annex_a_filter(r, filters[i].name, filters[i].words, &args[i]);
    if (status == BL_OK)
        status = bl_sql(r, list, args, FILTERS, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}

static const char pairs[] =
    "SELECT json_build_object('from_2013', m.from_2013, 'from_title', f.title, 'to_2022', m.to_2022, 'to_title', t.title,"
    " 'relation', m.relation)::text FROM annex_a.mapping m"
    " LEFT JOIN annex_a.catalogue f ON f.edition = '2013' AND f.id = m.from_2013"
    " LEFT JOIN annex_a.catalogue t ON t.edition = '2022' AND t.id = m.to_2022"
    " WHERE $1::uuid IS NOT NULL AND ($2::text IS NULL OR m.from_2013 = $2) AND ($3::text IS NULL OR m.to_2022 = $3)"
    " AND ($4::text IS NULL OR m.relation = $4) ORDER BY m.place";

/* GET mapping */
enum bl_status annex_a_mapping(struct bl_request *r)
{
    const char *args[] = {bl_query(r, "from"), bl_query(r, "to"), NULL};
    struct bl_rows *rows;
    enum bl_status status = annex_a_filter(r, "relation", "merged split one_to_one_retitled one_to_one_same_title new", &args[2]);
    if (status == BL_OK)
        status = bl_sql(r, pairs, args, 3, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}

static const char overlaps[] =
    "SELECT json_build_object('edition', o.edition, 'control_id', o.control_id, 'title', k.title, 'clause', o.clause, 'why', "
    "o.why, 'source', o.source)"
    "::text FROM annex_a.clause_overlap o JOIN annex_a.catalogue k ON k.edition = o.edition AND k.id = o.control_id"
    " WHERE $1::uuid IS NOT NULL AND ($2::text IS NULL OR o.edition = $2) AND ($3::text IS NULL OR o.control_id = $3)"
    " AND ($4::text IS NULL OR o.clause = $4) ORDER BY o.edition DESC, k.place, o.place";

/* GET overlaps */
enum bl_status annex_a_overlaps(struct bl_request *r)
{
    const char *args[] = {NULL, bl_query(r, "control"), bl_query(r, "clause")};
    struct bl_rows *rows;
    enum bl_status status = annex_a_filter(r, "edition", ANNEX_A_EDITIONS, &args[0]);
    if (status == BL_OK)
        status = bl_sql(r, overlaps, args, 3, BL_FINAL, &rows);
    if (status == BL_OK)
        bl_items(r, rows);
    return status;
}

/* ---- adopting ---- */

/* What may be adopted; the last cell: whether it is in the tenant's register. $2 edition. */
static const char adoptable[] =
    "SELECT k.id, k.title, EXISTS (SELECT FROM annex_a.control c WHERE c.tenant_id = $1 AND c.edition = k.edition"
    " AND c.catalogue_id = k.id AND c.archived_at IS NULL) FROM annex_a.catalogue k WHERE k.edition = $2 ORDER BY k.place";

static int find(struct bl_request *r, const struct bl_rows *rows, const char *id)
{
    for (int i = 0; id && i < bl_count(r, rows); i++)
        if (strcmp(bl_cell(r, rows, i, 0), id) == 0)
            return i;
    return -1;
}

/* Marks the rows that "ids" names, or all. */
static enum bl_status chosen(struct bl_request *r, const json_t *ids, const struct bl_rows *rows, bool *wanted)
{
    enum bl_status status = BL_OK;
    size_t at;
    json_t *id;
    if (ids && !json_is_array(ids))
        return bl_fail(r, BL_UNPROCESSABLE, "wrong_type", "/ids",
                       "give an array such as [\"A.8.13\"], or leave it out to adopt all");
    for (int i = 0; i < bl_count(r, rows); i++)
        wanted[i] = !ids;
    json_array_foreach(ids, at, id)
    {
        int row = find(r, rows, json_string_value(id));
        char pointer[32];
        snprintf(pointer, sizeof pointer, "/ids/%zu", at);
        if (row >= 0)
            wanted[row] = true;
        else
            status = bl_fail(r, BL_UNPROCESSABLE, "not_in_catalogue", pointer, "this edition has no such control");
    }
    return status;
}

static enum bl_status adopt(struct bl_request *r, const char *edition, const char *id, const char *title, json_t **record)
{
    json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "origin", "annex_a", "edition", edition, "catalogue_id", id, "title", title);
    enum bl_status status = bl_create(r, "annex_a.controls", body, record);
    json_decref(body);
    return status;
}

static enum bl_status read_adopt(struct bl_request *r, const char **edition, json_t **ids)
{
    json_t *body, *member;
    const char *name;
    enum bl_status status = bl_body(r, &body);
    if (status)
        return status;
    json_object_foreach(body, name, member) if (strcmp(name, "ids") != 0 && strcmp(name, "edition") != 0) status =
        bl_fail(r, BL_UNPROCESSABLE, "unknown_field", "", "only edition and ids are known here");
    *edition = json_string_value(json_object_get(body, "edition"));
    *ids = json_object_get(body, "ids");
    if (!*edition || !is_word(ANNEX_A_EDITIONS, *edition))
        status = bl_fail(r, BL_UNPROCESSABLE, "not_allowed", "/edition", "must be 2013 or 2022");
    return status;
}

/* POST controls:adopt. What is in the register already is left alone, so that the same call again does no harm. */
enum bl_status annex_a_adopt(struct bl_request *r)
{
    const char *edition;
    json_t *ids;
    struct bl_rows *rows;
    enum bl_status status = read_adopt(r, &edition, &ids);
    if (status == BL_OK)
        status = bl_sql(r, adoptable, &edition, 1, 0, &rows);
    if (status)
        return status;
    int count = bl_count(r, rows), already = 0;
    bool *wanted = bl_alloc(r, (size_t)count * sizeof *wanted);
    json_t **made = bl_alloc(r, (size_t)count * sizeof(json_t *));
    status = chosen(r, ids, rows, wanted);
    for (int i = 0; status == BL_OK && i < count; i++) {
        if (wanted[i] && bl_integer(r, rows, i, 2))
            already++;
        else if (wanted[i])
            status = adopt(r, edition, bl_cell(r, rows, i, 0), bl_cell(r, rows, i, 1), &made[i]);
    }
    if (status)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "adopted");
    for (int i = 0; i < count; i++)
        if (made[i]) {
            bl_json_object(r, NULL);
            bl_json_text(r, "id", bl_text(made[i], "id"));
            bl_json_text(r, "ref", bl_text(made[i], "ref"));
            bl_json_text(r, "catalogue_id", bl_text(made[i], "catalogue_id"));
            bl_json_text(r, "title", bl_text(made[i], "title"));
            bl_json_close(r);
        }
    bl_json_close(r);
    bl_json_integer(r, "already", already);
    bl_json_close(r);
    return BL_OK;
}
