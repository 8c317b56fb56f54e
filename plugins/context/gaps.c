/* What clause 4 still lacks here. One statement finds every gap; the words for each kind are a table. */
#include "context.h"
#include <stdio.h>
#include <string.h>

static const struct bl_gap kinds[] = {
    {"purpose_missing", "The purpose is not stated", "Say in a statement of kind purpose what the organisation is there for."},
    {"outcome_missing", "No outcome is stated", "Say in a statement of kind outcome what the ISMS shall bring about."},
    {"pestel_category_empty", "An outside category has no issue",
     "No open external issue is %s. Look at this side of the world too; what is not there is an answer once it is noted."},
    {"climate_undetermined", "Climate change is not considered",
     "Determine whether climate change is relevant, with the reason (Amendment 1:2024)."},
    {"party_missing", "No interested party is listed", "List those who have an interest in your information security."},
    {"party_without_requirement", "A party without a requirement", "Note what %s needs or expects, or archive the party."},
    {"requirement_undecided", "A requirement awaits its decision", "Decide whether the ISMS takes on: %s."},
    {"requirement_without_source", "A duty without its source", "Say where it is written: %s."},
    {"scope_missing", "The scope is not written", "Write down what the ISMS covers."},
    {"scope_not_approved", "The scope is not approved", "%s has not been approved by top management."},
    {"scope_not_in_force", "The approved scope is not in force", "Bring %s into force."},
    {"scope_old", "The scope is older than a year",
     "%s came into force, or was last confirmed, more than a year ago: confirm or revise it."},
    {"site_outside_scope", "A site is neither in the scope nor excluded",
     "%s is not among the sites of the scope in force, nor among its exclusions."},
    {"process_missing", "No process is listed", "Adopt the processes of the catalogue that you run, or list your own."},
    {"process_without_owner", "A process without an owner", "Name who answers for: %s."},
    {"process_without_link", "A process stands alone", "Nothing flows from or to: %s. Link it to the processes it works with."},
    {"process_without_indicator", "A process without an indicator", "Say by what you see whether it works: %s."},
    {"process_name_not_a_verb", "A process name looks like a thing",
     "Start it with a verb, for a process does something: %s. This is a guess."},
    {"nothing_reviewed", "Nothing was reviewed for a year",
     "No part of the context was looked at for a year. Review it and set the dates."},
    {"review_overdue", "A review is overdue", "Look again at: %s."},
    {0},
};

/* The statement gives this one for every process; context_verb_first drops those whose name is right. */
static const char verb_code[] = "process_name_not_a_verb";

enum { MOST = 1000 };

/* (code, clause, resource, id, ref, name); the numbers keep the order of the clauses. */
static const char find_gaps[] =
    "WITH scope AS (SELECT id, ref, title || ' (' || ref || ')' AS name, status, review_on, exclusions FROM context.scope"
    " WHERE tenant_id = $1 AND archived_at IS NULL AND status <> 'superseded'),"
    " review AS (" CONTEXT_REVIEWS ")"
    " SELECT code, clause, resource, id, ref, name FROM ("

    "SELECT 1 AS place, 'purpose_missing' AS code, '4.1' AS clause, 'statements' AS resource, NULL::uuid AS id, NULL AS ref,"
    " NULL AS name WHERE NOT EXISTS (SELECT FROM context.statement WHERE tenant_id = $1 AND archived_at IS NULL AND kind = "
    "'purpose')"
    " UNION ALL SELECT 2, 'outcome_missing', '4.1', 'statements', NULL, NULL, NULL"
    " WHERE NOT EXISTS (SELECT FROM context.statement WHERE tenant_id = $1 AND archived_at IS NULL AND kind = 'outcome')"
    " UNION ALL SELECT 3, 'pestel_category_empty', '4.1', 'issues', NULL, NULL, c"
    " FROM unnest('{political,economic,social,technological,environmental,legal}'::text[]) c"
    " WHERE NOT EXISTS (SELECT FROM context.issue WHERE tenant_id = $1 AND archived_at IS NULL AND status = 'open' AND category "
    "= c)"
    " UNION ALL SELECT 4, 'climate_undetermined', '4.1', 'climate_determinations', NULL, NULL, NULL"
    " WHERE NOT EXISTS (SELECT FROM context.climate_determination WHERE tenant_id = $1 AND archived_at IS NULL)"

    " UNION ALL SELECT 5, 'party_missing', '4.2', 'interested_parties', NULL, NULL, NULL"
    " WHERE NOT EXISTS (SELECT FROM context.interested_party WHERE tenant_id = $1 AND archived_at IS NULL)"
    " UNION ALL SELECT 6, 'party_without_requirement', '4.2', 'interested_parties', p.id, p.ref, p.name"
    " FROM context.interested_party p WHERE p.tenant_id = $1 AND p.archived_at IS NULL AND NOT EXISTS"
    " (SELECT FROM context.requirement q WHERE q.tenant_id = $1 AND q.party_id = p.id AND q.archived_at IS NULL)"
    " UNION ALL SELECT 7, 'requirement_undecided', '4.2', 'requirements', id, ref, title FROM context.requirement"
    " WHERE tenant_id = $1 AND archived_at IS NULL AND addressed_by_isms = 'undecided'"
    " UNION ALL SELECT 8, 'requirement_without_source', '4.2', 'requirements', id, ref, title FROM context.requirement"
    " WHERE tenant_id = $1 AND archived_at IS NULL AND kind <> 'expectation' AND coalesce(source, '') = ''"

    " UNION ALL SELECT 9, 'scope_missing', '4.3', 'scopes', NULL, NULL, NULL WHERE NOT EXISTS (SELECT FROM scope)"
    " UNION ALL (SELECT 10, CASE status WHEN 'approved' THEN 'scope_not_in_force' ELSE 'scope_not_approved' END, '4.3', 'scopes',"
    " id, ref, name FROM scope WHERE NOT EXISTS (SELECT FROM scope WHERE status = 'in_force')"
    " ORDER BY status = 'approved' DESC, id DESC LIMIT 1)"
    " UNION ALL SELECT 11, 'scope_old', '4.3', 'scopes', id, ref, name FROM scope WHERE status = 'in_force' AND review_on < "
    "current_date"
    " UNION ALL SELECT 12, 'site_outside_scope', '4.3', 'sites', t.id, t.ref, t.name"
    " FROM context.site t JOIN scope s ON s.status = 'in_force' WHERE t.tenant_id = $1 AND t.archived_at IS NULL"
    " AND NOT EXISTS (SELECT FROM core.link l WHERE l.tenant_id = $1 AND l.relation = 'context.scopes.sites'"
    " AND l.from_id = s.id AND l.to_id = t.id)"
    " AND NOT EXISTS (SELECT FROM jsonb_array_elements(s.exclusions) e WHERE e ->> 'site' = t.ref)"

    " UNION ALL SELECT 13, 'process_missing', '4.4', 'processes', NULL, NULL, NULL"
    " WHERE NOT EXISTS (SELECT FROM context.process WHERE tenant_id = $1 AND archived_at IS NULL)"
    " UNION ALL SELECT kind.place, kind.code, '4.4', 'processes', p.id, p.ref, p.name"
    " FROM context.process p CROSS JOIN LATERAL (VALUES"
    " (14, 'process_without_owner', p.owner_id IS NULL),"
    " (15, 'process_without_link', NOT EXISTS (SELECT FROM context.process_link l"
    " JOIN context.process o ON o.tenant_id = l.tenant_id AND o.archived_at IS NULL"
    " AND o.id = CASE WHEN l.from_process_id = p.id THEN l.to_process_id ELSE l.from_process_id END"
    " WHERE l.tenant_id = $1 AND l.archived_at IS NULL AND (l.from_process_id = p.id OR l.to_process_id = p.id))),"
    " (16, 'process_without_indicator', cardinality(p.indicators) = 0),"
    " (17, 'process_name_not_a_verb', true)) AS kind (place, code, holds)"
    " WHERE p.tenant_id = $1 AND p.archived_at IS NULL AND kind.holds"

    " UNION ALL SELECT 18, 'nothing_reviewed', '4.1', 'issues', NULL, NULL, NULL"
    " FROM review HAVING max(reviewed_on) < current_date - interval '1 year'"
    " UNION ALL SELECT 19, 'review_overdue', clause, resource, id, ref, name FROM review WHERE review_on < current_date"

    ") AS gap (place, code, clause, resource, id, ref, name) ORDER BY clause, place, id LIMIT 5000";

/* GET gaps */
enum bl_status context_gaps(struct bl_request *r)
{
    struct bl_rows *rows;
    enum bl_status status = bl_sql(r, find_gaps, NULL, 0, BL_FINAL, &rows);
    if (status)
        return status;
    int found = 0;
    bl_respond(r, 200, "application/json");
    bl_json_object(r, NULL);
    bl_json_array(r, "items");
    for (int i = 0; i < bl_count(r, rows); i++) {
        if (strcmp(bl_cell(r, rows, i, 0), verb_code) == 0 && context_verb_first(bl_cell(r, rows, i, 5)))
            continue;
        if (found++ < MOST)
            bl_put_gap(r, "context", kinds, rows, i);
    }
    bl_json_close(r);
    bl_json_integer(r, "count", found);
    bl_json_bool(r, "more", found > MOST);
    bl_json_close(r);
    return BL_OK;
}
