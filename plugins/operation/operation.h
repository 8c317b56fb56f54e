/* What the files of this plugin share: clause 8 and the operational controls. Tables are constant data; a rule and a handler live
 * beside the table they guard. */
#ifndef OPERATION_OPERATION_H
#define OPERATION_OPERATION_H

#include <ballium/plugin.h>
#include <ballium/rules.h>

/* assets.c, graph.c: what is worth protecting, and what rests on what (A.5.9 to A.5.13) */
extern const struct bl_field operation_asset_fields[], operation_dependency_fields[];
extern const struct bl_relation operation_asset_relations[];
extern const struct bl_state operation_asset_states[];
extern const struct bl_transition operation_asset_transitions[];
extern const struct bl_constraint operation_asset_constraints[], operation_dependency_constraints[];
enum bl_status operation_asset_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_asset_retire(struct bl_request *, const struct bl_change *);
enum bl_status operation_dependency_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_dependency_after(struct bl_request *, const struct bl_change *);
enum bl_status operation_asset_values(struct bl_request *);
enum bl_status operation_asset_chain(struct bl_request *);

#define OPERATION_LIVE_ASSET "a.tenant_id = $1 AND a.archived_at IS NULL AND a.status <> 'disposed'"

/* A value travels down only where it is more than what it finds, and each (asset, property, value) is visited once, so that
 * a graph of many paths costs no more than its edges times the levels of the scale. */
#define OPERATION_INHERITED                                                                                                      \
    "WITH RECURSIVE carried AS ("                                                                                                \
    "SELECT a.id, p.property, p.value, a.id AS source FROM operation.asset a"                                                    \
    " CROSS JOIN LATERAL (VALUES ('C', a.confidentiality), ('I', a.integrity), ('A', a.availability)) AS p (property, value)"    \
    " WHERE " OPERATION_LIVE_ASSET " AND p.value > 1"                                                                            \
    " UNION SELECT a.id, c.property, c.value, NULL::uuid FROM carried c"                                                         \
    " JOIN operation.asset_dependency d ON d.tenant_id = $1 AND d.asset_id = c.id AND d.archived_at IS NULL"                     \
    " JOIN operation.asset a ON a.id = d.depends_on_id AND " OPERATION_LIVE_ASSET                                                \
    " AND c.value > CASE c.property WHEN 'C' THEN a.confidentiality WHEN 'I' THEN a.integrity ELSE a.availability END),"         \
    " level AS (SELECT id, max(value) FILTER (WHERE property = 'C') AS c, max(value) FILTER (WHERE property = 'I') AS i,"        \
    " max(value) FILTER (WHERE property = 'A') AS a FROM carried GROUP BY id)"

/* returns.c: what people hold, and hand back (A.5.11) */
extern const struct bl_field operation_return_fields[];
extern const struct bl_state operation_return_states[];
extern const struct bl_transition operation_return_transitions[];
extern const struct bl_constraint operation_return_constraints[];
enum bl_status operation_return_before(struct bl_request *, const struct bl_change *);

/* events.c, incidents.c, notifications.c, timeline.c: A.5.24 to A.5.28 */
extern const struct bl_field operation_event_fields[], operation_incident_fields[], operation_notification_fields[];
extern const struct bl_field operation_entry_fields[], operation_custody_fields[];
extern const struct bl_relation operation_incident_relations[];
extern const struct bl_state operation_event_states[], operation_incident_states[], operation_notification_states[];
extern const struct bl_transition operation_event_transitions[], operation_incident_transitions[];
extern const struct bl_transition operation_notification_transitions[];
extern const struct bl_constraint operation_custody_constraints[];
enum bl_status operation_event_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_incident_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_incident_after(struct bl_request *, const struct bl_change *);
enum bl_status operation_notification_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_entry_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_custody_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_clocks(struct bl_request *);
enum bl_status operation_timeline(struct bl_request *);
enum bl_status operation_custody(struct bl_request *);

/* Everything about the incident $2, as a table (at, kind, text, by_id, ref, id). */
/* clang-format off */
#define OPERATION_TIMELINE                                                                                          \
    "(SELECT at, kind, text, created_by AS by_id, ref, id FROM operation.incident_entry WHERE tenant_id = $1"        \
    " AND incident_id = $2::uuid UNION ALL SELECT noticed_at, 'report', title, created_by, ref, id FROM"             \
    " operation.event WHERE tenant_id = $1 AND incident_id = $2::uuid AND archived_at IS NULL"                       \
    " UNION ALL SELECT aware_at, 'awareness', title, created_by, ref, id FROM operation.incident"                    \
    " WHERE tenant_id = $1 AND id = $2::uuid"                                                                        \
    " UNION ALL SELECT at, 'step', verb || coalesce(': ' || reason, ''), actor, ref, id FROM core.event"             \
    " WHERE tenant_id = $1 AND resource = 'operation.incidents' AND record_id = $2::uuid"                            \
    " AND verb IN ('contain', 'eradicate', 'recover', 'close', 'discard', 'reopen')"                                 \
    " UNION ALL SELECT sent_at, 'notification', recipient, updated_by, ref, id FROM operation.notification"          \
    " WHERE tenant_id = $1 AND incident_id = $2::uuid AND archived_at IS NULL AND status = 'sent'"                   \
    " UNION ALL SELECT due_at, 'overdue', recipient, NULL, ref, id FROM operation.notification"                \
    " WHERE tenant_id = $1 AND incident_id = $2::uuid AND archived_at IS NULL"                                       \
    " AND (late OR (status = 'pending' AND due_at < now()))"                                                         \
    " UNION ALL SELECT at, 'evidence', action || ': ' || item, created_by, ref, id FROM operation.custody_entry"     \
    " WHERE tenant_id = $1 AND incident_id = $2::uuid)"
/* clang-format on */

/* What the seal of a custody entry c covers. */
#define OPERATION_SEALED                                                                                                         \
    "jsonb_build_array(c.sequence, lower(c.item), c.action, (extract(epoch FROM c.at) * 1000000)::bigint, c.handed_by, "         \
    "c.held_by, c.place, c.sha256, c.note, c.file_id, c.digest)"

/* obligations.c: A.5.31 */
extern const struct bl_field operation_obligation_fields[];
extern const struct bl_relation operation_obligation_relations[];
extern const struct bl_state operation_obligation_states[];
extern const struct bl_transition operation_obligation_transitions[];
enum bl_status operation_obligation_before(struct bl_request *, const struct bl_change *);

/* suppliers.c, assessments.c: A.5.19 to A.5.23 */
extern const struct bl_field operation_supplier_fields[], operation_outsourced_fields[];
extern const struct bl_field operation_template_fields[], operation_assessment_fields[];
extern const struct bl_relation operation_supplier_relations[], operation_outsourced_relations[];
extern const struct bl_state operation_supplier_states[], operation_template_states[], operation_assessment_states[];
extern const struct bl_transition operation_supplier_transitions[], operation_template_transitions[];
extern const struct bl_transition operation_assessment_transitions[];
extern const struct bl_constraint operation_supplier_constraints[], operation_outsourced_constraints[];
enum bl_status operation_supplier_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_outsourced_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_assessment_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_assessment_retire(struct bl_request *, const struct bl_change *);

/* changes.c, plans.c: 8.1 */
extern const struct bl_field operation_change_fields[], operation_plan_fields[], operation_record_fields[];
extern const struct bl_relation operation_change_relations[], operation_plan_relations[];
extern const struct bl_state operation_change_states[], operation_plan_states[];
extern const struct bl_transition operation_change_transitions[], operation_plan_transitions[];
enum bl_status operation_change_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_plan_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_record_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_record_after(struct bl_request *, const struct bl_change *);

/* continuity.c: A.5.29, A.5.30 */
extern const struct bl_field operation_continuity_fields[], operation_exercise_fields[];
extern const struct bl_relation operation_continuity_relations[], operation_exercise_relations[];
extern const struct bl_state operation_continuity_states[], operation_exercise_states[];
extern const struct bl_transition operation_continuity_transitions[], operation_exercise_transitions[];
enum bl_status operation_continuity_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_continuity(struct bl_request *);

/* overdue.c: days that have passed */
extern const struct bl_field operation_overdue_fields[];
extern const struct bl_state operation_overdue_states[];
extern const struct bl_transition operation_overdue_transitions[];
enum bl_status operation_overdue_before(struct bl_request *, const struct bl_change *);
enum bl_status operation_note_overdue(struct bl_request *); /* duty */

/* form.c: reports by strangers */
enum bl_status operation_report(struct bl_request *);
enum bl_status operation_form(struct bl_request *);
enum bl_status operation_form_open(struct bl_request *);
enum bl_status operation_form_shut(struct bl_request *);

extern const struct bl_report operation_reports[];  /* reports.c */
enum bl_status operation_gaps(struct bl_request *); /* gaps.c */

/* rules.c */
bool operation_is(const json_t *record, const char *name, const char *value);
void operation_time(int64_t microseconds, char out[32]); /* 2026-01-31T08:00:00.000000Z */
/* Microseconds since 1970 of a TIME member; false: it has none. */
bool operation_moment(const json_t *record, const char *field, int64_t *out);
/* 422 in_the_future when the TIME of `record` is to come. */
enum bl_status operation_happened(struct bl_request *, const json_t *record, const char *field);
/* 422 not_after when both dates are there and `then` lies before `first`. */
enum bl_status operation_ordered(struct bl_request *, const json_t *record, const char *first, const char *then);
enum bl_status operation_reviewed(struct bl_request *, const struct bl_change *); /* .before of what has reviewed_on */
/* The error of the two: the first that is not BL_OK. */
enum bl_status operation_worse(enum bl_status, enum bl_status);
/* Answers {"items": [each row's first cell, which is JSON], "count", "more"}; at most `most` rows. */
void operation_items(struct bl_request *, const struct bl_rows *, int most);
/* clang-format off */
#define OPERATION_OWNER(words)                                                                                       \
    {.name = "owner_id", .type = BL_REF, .ref = "core.member", .flags = BL_OWNER | BL_FILTER, .label = "Owner",      \
     .help = (words)}
#define OPERATION_REVIEW_FIELDS                                                                                      \
    {.name = "review_on", .type = BL_DATE, .flags = BL_DUE | BL_FILTER, .label = "Next review",                      \
     .help = "The day on which somebody looks at this again. It is on the calendar until then.", .example = "2027-03-01"}, \
    {.name = "reviewed_on", .type = BL_DATE, .flags = BL_FILTER, .label = "Last review",                             \
     .help = "The day on which somebody last looked at this and found it right, or made it so.", .example = "2026-03-01"}
/* clang-format on */

#endif
