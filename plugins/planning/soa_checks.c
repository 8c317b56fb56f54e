/* The eight checks of a Statement. Each kind of finding is a line of the table below; all of them become one statement, so that
 * they see the same moment. */
#include "planning.h"
#include <stdio.h>
#include <string.h>

/* v: the version; s: its rows; c: controls; k: risks; q: requirements; g: duties by law; l: links; pair: which row speaks for
 * which control: it names it, or the control has its number, or the counterpart of its number in the other edition. */
static const char head[] =
    "WITH v AS (SELECT * FROM planning.soa_version WHERE tenant_id = $1 AND id = $2::uuid),"
    " s AS (SELECT * FROM planning.soa_row WHERE tenant_id = $1 AND soa_id = $2::uuid AND archived_at IS NULL),"
    " c AS (SELECT * FROM annex_a.control WHERE tenant_id = $1 AND archived_at IS NULL),"
    " k AS (SELECT * FROM planning.risk WHERE tenant_id = $1 AND archived_at IS NULL AND status <> 'retired'),"
    " q AS (SELECT * FROM context.requirement WHERE tenant_id = $1 AND archived_at IS NULL AND addressed_by_isms <> 'no'),"
    " b AS (SELECT id FROM context.statement WHERE tenant_id = $1 AND archived_at IS NULL),"
    " l AS NOT MATERIALIZED (SELECT * FROM core.link WHERE tenant_id = $1),"
    " pair AS MATERIALIZED (SELECT s.id AS row_id, s.control_id FROM s WHERE s.control_id IS NOT NULL"
    " UNION SELECT s.id, c.id FROM v JOIN c ON c.edition = v.edition JOIN s ON s.catalogue_id = c.catalogue_id"
    " UNION SELECT s.id, c.id FROM v JOIN c ON c.edition = '2013' AND v.edition = '2022'"
    " JOIN annex_a.mapping m ON m.from_2013 = c.catalogue_id JOIN s ON s.catalogue_id = m.to_2022"
    " UNION SELECT s.id, c.id FROM v JOIN c ON c.edition = '2022' AND v.edition = '2013'"
    " JOIN annex_a.mapping m ON m.to_2022 = c.catalogue_id JOIN s ON s.catalogue_id = m.from_2013),";

/* Duties are another area's: without it there are none. */
static const char obligations[] = " g AS (SELECT id, ref, title, kind FROM operation.obligation WHERE tenant_id = $1"
                                  " AND archived_at IS NULL AND status <> 'not_applicable')";
static const char no_obligations[] =
    " g AS (SELECT NULL::uuid AS id, NULL::text AS ref, NULL::text AS title, NULL::text AS kind WHERE false)";

struct finding {
    const char *check, *code;
    const char *detail; /* SQL */
    const char *from;   /* what follows FROM; a row of the Statement is s */
    const char *number; /* NULL: about the row s; else SQL for the number of what it is about, and no row */
};

#define NO " WHERE s.applicable = 'no'"
#define YES " WHERE s.applicable = 'yes'"
#define LINKED(relation) " JOIN l ON l.relation = '" relation "' AND "

static const struct finding kinds[] = {
    {"1", "missing", "format('%s %s has no row', a.id, a.title)",
     "v JOIN annex_a.catalogue a ON a.edition = v.edition WHERE NOT EXISTS (SELECT FROM s WHERE s.catalogue_id = a.id)", "a.id"},
    {"1", "not_of_edition", "'this edition has no such control'",
     "s CROSS JOIN v WHERE s.origin = 'annex_a' AND NOT EXISTS (SELECT FROM annex_a.catalogue a WHERE a.edition = v.edition"
     " AND a.id = s.catalogue_id)",
     NULL},
    {"2", "no_reason", "'it is excluded without a reason'", "s" NO " AND coalesce(s.exclusion_reason, '') = ''", NULL},
    {"2", "risk_points", "format('%s (%s) needs it', k.ref, k.title)",
     "s JOIN pair ON pair.row_id = s.id" LINKED(
         "planning.risks.controls") "l.to_id = pair.control_id JOIN k ON k.id = l.from_id" NO,
     NULL},
    {"2", "risk_points", "format('%s (%s) needs it', k.ref, k.title)",
     "s" LINKED("planning.soa_rows.risks") "l.from_id = s.id JOIN k ON k.id = l.to_id" NO, NULL},
    {"2", "requirement_points", "format('%s (%s) asks for it', q.ref, q.title)",
     "s JOIN pair ON pair.row_id = s.id" LINKED(
         "annex_a.controls.requirements") "l.from_id = pair.control_id JOIN q ON q.id = l.to_id" NO,
     NULL},
    {"2", "requirement_points", "format('%s (%s) asks for it', q.ref, q.title)",
     "s" LINKED("planning.soa_rows.requirements") "l.from_id = s.id JOIN q ON q.id = l.to_id" NO, NULL},
    {"2", "obligation_points", "format('%s (%s) asks for it', g.ref, g.title)",
     "s JOIN pair ON pair.row_id = s.id" LINKED(
         "operation.obligations.controls") "l.to_id = pair.control_id JOIN g ON g.id = l.from_id" NO,
     NULL},
    {"3", "undecided", "'it is neither included nor excluded'", "s WHERE s.applicable = 'undecided'", NULL},
    {"3", "no_reason", "'it is included without a reason'", "s" YES " AND cardinality(s.reasons) = 0", NULL},
    {"3", "reason_without_link", "'no risk is linked: link one, or take that reason back'",
     "s" YES " AND 'risk' = ANY (s.reasons) AND NOT EXISTS (SELECT FROM l JOIN k ON k.id = l.to_id"
     " WHERE l.relation = 'planning.soa_rows.risks' AND l.from_id = s.id)",
     NULL},
    {"3", "reason_without_link", "'no duty by law is linked: link one, or take that reason back'",
     "s" YES " AND 'legal' = ANY (s.reasons) AND NOT EXISTS (SELECT FROM l JOIN q ON q.id = l.to_id AND q.kind IN ('legal',"
     " 'regulatory') WHERE l.relation = 'planning.soa_rows.requirements' AND l.from_id = s.id)"
     " AND NOT EXISTS (SELECT FROM l JOIN pair ON pair.row_id = s.id AND l.to_id = pair.control_id JOIN g ON g.id = l.from_id"
     " AND g.kind <> 'contractual' WHERE l.relation = 'operation.obligations.controls')",
     NULL},
    {"3", "reason_without_link", "'no contract is linked: link one, or take that reason back'",
     "s" YES
     " AND 'contractual' = ANY (s.reasons) AND NOT EXISTS (SELECT FROM l JOIN q ON q.id = l.to_id AND q.kind = 'contractual'"
     " WHERE l.relation = 'planning.soa_rows.requirements' AND l.from_id = s.id)"
     " AND NOT EXISTS (SELECT FROM l JOIN pair ON pair.row_id = s.id AND l.to_id = pair.control_id JOIN g ON g.id = l.from_id"
     " AND g.kind = 'contractual' WHERE l.relation = 'operation.obligations.controls')",
     NULL},
    {"3", "reason_without_link", "'no statement of the business is linked: link one, or take that reason back'",
     "s" YES " AND 'business' = ANY (s.reasons) AND NOT EXISTS (SELECT FROM l JOIN b ON b.id = l.to_id"
     " WHERE l.relation = 'planning.soa_rows.statements' AND l.from_id = s.id)",
     NULL},
    {"3", "no_owner_or_target", "'it is not implemented: give its owner and its target'",
     "s" YES " AND s.implementation_state <> 'implemented' AND (s.owner_id IS NULL OR s.target_date IS NULL)", NULL},
    {"4", "treated_but_not_applicable", "format('%s (%s) treats a risk with it', t.ref, t.title)",
     "s JOIN pair ON pair.row_id = s.id JOIN planning.treatment_action t ON t.tenant_id = $1 AND t.control_id = pair.control_id"
     " AND t.archived_at IS NULL AND t.status <> 'cancelled' WHERE s.applicable <> 'yes'",
     NULL},
    {"5", "evidence_missing_or_old", "'no evidence shows that it is implemented, or it is older than its rhythm'",
     "s" YES " AND s.implementation_state = 'implemented' AND NOT EXISTS (SELECT FROM pair"
     " JOIN c ON c.id = pair.control_id AND c.evidence_until >= current_date WHERE pair.row_id = s.id)",
     NULL},
    {"6", "control_not_in_soa",
     "format('%s modifies %s by %s (%s), which has no row that includes it', k.ref, k.title, c.ref, c.title)",
     "c" LINKED("planning.risks.controls") "l.to_id = c.id JOIN k ON k.id = l.from_id WHERE k.treatment_option = 'modify'"
                                           " AND c.id NOT IN (SELECT pair.control_id FROM pair JOIN s ON s.id = pair.row_id "
                                           "WHERE s.applicable <> 'no')",
     "c.catalogue_id"},
    {"7", "not_the_scope", "format('%s is %s: the Statement must speak for the scope in force', o.ref, o.status)",
     "v JOIN context.scope o ON o.tenant_id = $1 AND o.id = v.scope_id WHERE o.status <> 'in_force'", "NULL::text"},
    {"7", "certificate_unknown", "'say which version of the Statement the certificate names'",
     "v WHERE v.certified = 'certified' AND coalesce(v.certificate_soa, '') = ''", "NULL::text"},
    {"8", "not_confirmed", "'it was brought over from the other edition: a person must confirm it'",
     "s CROSS JOIN v JOIN planning.soa_version w ON w.tenant_id = $1 AND w.id = v.revises_id AND w.edition <> v.edition"
     " WHERE s.status <> 'confirmed'",
     NULL},
};

enum { ROOM = 16384 }; /* for the whole statement: it has about 9,000 bytes */

static const char *compose(struct bl_request *r)
{
    char *sql = bl_alloc(r, ROOM);
    size_t at = (size_t)snprintf(sql, ROOM, "%s%s", head, bl_loaded(r, "operation") ? obligations : no_obligations);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && at < ROOM; i++) {
        const struct finding *f = &kinds[i];
        at += (size_t)snprintf(
            sql + at, ROOM - at, "%s SELECT %s AS n, '%s' AS code, %s, %s, %s AS detail FROM %s", i ? " UNION" : "", f->check,
            f->code, f->number ? "NULL::uuid AS row_id, NULL::text AS ref" : "s.id AS row_id, s.ref",
            f->number ? planning_print(r, "%s AS catalogue_id, NULL::text AS title", f->number) : "s.catalogue_id, s.title",
            f->detail, f->from);
    }
    snprintf(sql + at, ROOM - at, " ORDER BY n, catalogue_id, row_id, code, detail LIMIT 5000");
    return sql;
}

static const char *const names[] = {
    "the rows are the controls of the edition, each once",
    "what is excluded has a reason, and no risk, requirement or contract asks for it",
    "what is included has reasons, each backed by a link, and an owner and target while it is not implemented",
    "what treats a risk is included",
    "what is said to be implemented has evidence within its rhythm",
    "every control that modifies a risk is in the Statement",
    "it speaks for the scope in force, and the certificate's version is known",
    "every row that came from the other edition has been confirmed",
};

static void put_finding(struct bl_request *r, const struct bl_rows *rows, int i)
{
    bl_json_object(r, NULL);
    bl_json_cell(r, "code", rows, i, 1);
    bl_json_cell(r, "row_id", rows, i, 2);
    bl_json_cell(r, "ref", rows, i, 3);
    bl_json_cell(r, "catalogue_id", rows, i, 4);
    bl_json_cell(r, "title", rows, i, 5);
    bl_json_cell(r, "detail", rows, i, 6);
    bl_json_close(r);
}

/* GET soa-versions/{id}/checks */
enum bl_status planning_soa_check(struct bl_request *r)
{
    const char *id = bl_param(r, "id");
    struct bl_rows *rows;
    enum bl_status status = bl_there(r, "planning.soa_versions", id, NULL);
    if (status == BL_OK)
        status = bl_sql(r, compose(r), &id, 1, BL_FINAL, &rows);
    if (status)
        return status;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_bool(r, "passed", bl_count(r, rows) == 0);
    bl_json_array(r, "checks");
    for (int check = 1, i = 0; check <= 8; check++) {
        int first = i;
        while (i < bl_count(r, rows) && bl_integer(r, rows, i, 0) == check)
            i++;
        bl_json_object(r, NULL);
        bl_json_integer(r, "check", check);
        bl_json_text(r, "asks", names[check - 1]);
        bl_json_bool(r, "passed", i == first);
        bl_json_array(r, "findings");
        for (int k = first; k < i; k++)
            put_finding(r, rows, k);
        bl_json_close(r);
        bl_json_close(r);
    }
    bl_json_close(r);
    bl_json_close(r);
    return BL_OK;
}

/* As objections to a step: at most twenty, the rest is in the checks. */
enum bl_status planning_soa_passes(struct bl_request *r, const char *id)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, compose(r), &id, 1, 0, &rows);
    int count = status == BL_OK ? bl_count(r, rows) : 0;
    for (int i = 0; i < count && i < 20; i++)
        status = bl_fail(r, BL_UNPROCESSABLE, bl_cell(r, rows, i, 1), "", "check %s, %s: %s", bl_cell(r, rows, i, 0),
                         bl_cell(r, rows, i, 4)   ? bl_cell(r, rows, i, 4)
                         : bl_cell(r, rows, i, 3) ? bl_cell(r, rows, i, 3)
                                                  : "all",
                         bl_cell(r, rows, i, 6));
    return status;
}

#define NEEDS                                                                                                                    \
    "WITH c AS (SELECT a.id FROM annex_a.control a JOIN planning.soa_version v ON v.tenant_id = $1 AND v.id = $2::uuid"          \
    " WHERE a.tenant_id = $1 AND a.archived_at IS NULL AND (a.id = $4::uuid OR (a.edition = v.edition AND a.catalogue_id = "     \
    "$5)"                                                                                                                        \
    " OR (a.edition = '2013' AND v.edition = '2022' AND a.catalogue_id IN (SELECT from_2013 FROM annex_a.mapping WHERE "         \
    "to_2022 = $5))"                                                                                                             \
    " OR (a.edition = '2022' AND v.edition = '2013' AND a.catalogue_id IN (SELECT to_2022 FROM annex_a.mapping WHERE "           \
    "from_2013 = $5))))"                                                                                                         \
    " SELECT 'risk_points', format('%s (%s) needs this control', k.ref, k.title) FROM core.link l"                               \
    " JOIN planning.risk k ON k.tenant_id = $1 AND k.archived_at IS NULL AND k.status <> 'retired'"                              \
    " AND k.id = CASE l.relation WHEN 'planning.risks.controls' THEN l.from_id ELSE l.to_id END"                                 \
    " WHERE l.tenant_id = $1 AND ((l.relation = 'planning.risks.controls' AND l.to_id IN (SELECT id FROM c))"                    \
    " OR (l.relation = 'planning.soa_rows.risks' AND l.from_id = $3::uuid))"                                                     \
    " UNION SELECT 'requirement_points', format('%s (%s) asks for this control', q.ref, q.title) FROM core.link l"               \
    " JOIN context.requirement q ON q.tenant_id = $1 AND q.archived_at IS NULL AND q.addressed_by_isms <> 'no' AND q.id = "      \
    "l.to_id"                                                                                                                    \
    " WHERE l.tenant_id = $1 AND ((l.relation = 'annex_a.controls.requirements' AND l.from_id IN (SELECT id FROM c))"            \
    " OR (l.relation = 'planning.soa_rows.requirements' AND l.from_id = $3::uuid))"

/* May this row say no? It is asked before the row is written, so it is read as if it said so. */
enum bl_status planning_row_pointed(struct bl_request *r, const json_t *row)
{
    static const char needs[] = NEEDS;
    static const char needs_and_duties[] =
        NEEDS " UNION SELECT 'obligation_points', format('%s (%s) asks for this control', g.ref, g.title) FROM core.link l"
              " JOIN operation.obligation g ON g.tenant_id = $1 AND g.archived_at IS NULL AND g.status <> 'not_applicable'"
              " AND g.id = l.from_id WHERE l.tenant_id = $1 AND l.relation = 'operation.obligations.controls'"
              " AND l.to_id IN (SELECT id FROM c)";
    const char *args[] = {bl_text(row, "soa_id"), bl_text(row, "id"), bl_text(row, "control_id"), bl_text(row, "catalogue_id")};
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, bl_loaded(r, "operation") ? needs_and_duties : needs, args, 4, 0, &rows);
    for (int i = 0, count = status == BL_OK ? bl_count(r, rows) : 0; i < count; i++)
        status =
            bl_fail(r, BL_CONFLICT, bl_cell(r, rows, i, 0), "/applicable", "%s: it cannot be excluded", bl_cell(r, rows, i, 1));
    return status;
}
