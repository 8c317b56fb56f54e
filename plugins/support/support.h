/* What the files of this plugin share. Tables are constant data; a rule and a handler live beside the table they guard. */
#ifndef SUPPORT_SUPPORT_H
#define SUPPORT_SUPPORT_H

#include <ballium/plugin.h>
#include <ballium/rules.h>

/* documents.c: clause 7.5, the register */
extern const struct bl_field support_document_fields[];
extern const struct bl_state support_document_states[];
extern const struct bl_transition support_document_transitions[];
extern const struct bl_constraint support_document_constraints[];
enum bl_status support_document_before(struct bl_request *, const struct bl_change *);
enum bl_status support_document_retire(struct bl_request *, const struct bl_change *);

/* versions.c: what a document says, and its life */
extern const struct bl_field support_version_fields[];
extern const struct bl_state support_version_states[];
extern const struct bl_transition support_version_transitions[];
extern const struct bl_constraint support_version_constraints[];
enum bl_status support_version_before(struct bl_request *, const struct bl_change *);
enum bl_status support_version_retire(struct bl_request *, const struct bl_change *);
enum bl_status support_version_revise(struct bl_request *);

/* reviews.c: who looks at a version, and who has read it */
extern const struct bl_field support_review_fields[], support_acknowledgement_fields[];
extern const struct bl_state support_review_states[];
extern const struct bl_transition support_review_transitions[];
extern const struct bl_constraint support_review_constraints[], support_acknowledgement_constraints[];
enum bl_status support_review_before(struct bl_request *, const struct bl_change *);
enum bl_status support_review_retire(struct bl_request *, const struct bl_change *);
enum bl_status support_acknowledgement_before(struct bl_request *, const struct bl_change *);

/* acknowledge.c, diff.c, mandatory.c: routes */
enum bl_status support_readers(struct bl_request *);
enum bl_status support_to_read(struct bl_request *);
enum bl_status support_difference(struct bl_request *);
enum bl_status support_mandatory(struct bl_request *);

/* people.c, trainings.c, competence_gaps.c: clause 7.2 */
extern const struct bl_field support_person_fields[], support_competence_fields[], support_need_fields[],
    support_qualification_fields[], support_training_fields[];
extern const struct bl_relation support_training_relations[];
extern const struct bl_state support_qualification_states[], support_training_states[];
extern const struct bl_transition support_qualification_transitions[], support_training_transitions[];
extern const struct bl_constraint support_person_constraints[], support_competence_constraints[], support_need_constraints[];
enum bl_status support_person_before(struct bl_request *, const struct bl_change *);
enum bl_status support_qualification_before(struct bl_request *, const struct bl_change *);
enum bl_status support_competence_gaps(struct bl_request *);

/* awareness.c: clause 7.3 */
extern const struct bl_field support_campaign_fields[], support_attendance_fields[];
extern const struct bl_state support_campaign_states[];
extern const struct bl_transition support_campaign_transitions[];
extern const struct bl_constraint support_attendance_constraints[];
enum bl_status support_campaign_before(struct bl_request *, const struct bl_change *);
enum bl_status support_attendance_before(struct bl_request *, const struct bl_change *);
enum bl_status support_coverage(struct bl_request *);

/* communication.c: clause 7.4 */
extern const struct bl_field support_communication_item_fields[], support_communication_fields[];
enum bl_status support_communication_item_before(struct bl_request *, const struct bl_change *);
enum bl_status support_communication_before(struct bl_request *, const struct bl_change *);
enum bl_status support_communication_after(struct bl_request *, const struct bl_change *);

extern const struct bl_report support_reports[]; /* reports.c */

/* means.c: clause 7.1 */
extern const struct bl_field support_resource_plan_fields[];
extern const struct bl_state support_resource_plan_states[];
extern const struct bl_transition support_resource_plan_transitions[];
enum bl_status support_resource_plan_before(struct bl_request *, const struct bl_change *);
enum bl_status support_resource_summary(struct bl_request *);

/* lines.c: the lines of two texts, and what turns one into the other (Myers, "An O(ND) difference algorithm", 1986) */
struct support_line {
    const char *at; /* borrowed, not terminated; without its newline */
    size_t length;
};
struct support_edit {
    char kind;         /* '=' both, '-' only in the first, '+' only in the second */
    size_t old, fresh; /* index of the line in its text; of '-' and '+' only one means something */
};
struct support_edits {
    struct support_edit *list; /* in the order of reading; in the request's memory */
    size_t count;
    bool minimal; /* false: too different to look for the fewest, what is between the equal ends stands as replaced */
};
size_t support_lines(struct bl_request *, const char *text, struct support_line **out);
struct support_edits support_compare(struct bl_request *, const struct support_line *a, size_t a_count,
                                     const struct support_line *b, size_t b_count);

/* rules.c */
/* The row of one record as the statement gives it ($2 the id); BL_NOT_FOUND with words when there is none. */
enum bl_status support_row(struct bl_request *, const char *sql, const char *id, const char *pointer, struct bl_rows **rows);
/* The second day must not lie before the first, when both are given. */
enum bl_status support_ordered(struct bl_request *, const struct bl_change *, const char *first, const char *then);
/* Moves every record whose id the statement gives (first cell). */
enum bl_status support_transit_each(struct bl_request *, const char *sql, const char *arg, const char *resource,
                                    const char *transition, const char *reason);
/* 201 with the record and its Location. */
enum bl_status support_created(struct bl_request *, const char *path, const json_t *record);

#define SUPPORT_TODAY "(now() AT TIME ZONE 'UTC')::date"

/* The matrix of persons and needs as the table `cell`: SUPPORT_HOLDS, what gives (person_id, role), SUPPORT_CELLS. */
#define SUPPORT_OWN_ROLES                                                                                                        \
    "SELECT p.id AS person_id, r AS role FROM support.person p CROSS JOIN LATERAL unnest(p.roles) r"                             \
    " WHERE p.tenant_id = $1 AND p.archived_at IS NULL"
/* Whoever is appointed to a role of the ISMS holds it too. */
#define SUPPORT_APPOINTMENTS                                                                                                     \
    " UNION SELECT a.person_id, o.name FROM leadership.appointment a JOIN leadership.role o ON o.tenant_id = $1 AND o.id = "     \
    "a.role_id WHERE a.tenant_id = $1 AND a.archived_at IS NULL AND a.status = 'in_force'"

/* The best proof that still counts; failing one, whether there was one. */
#define SUPPORT_HOLDS "WITH holds AS ("
#define SUPPORT_CELLS                                                                                                            \
    "), cell AS (SELECT p.id AS person_id, p.ref AS person_ref, p.name AS person, p.unit, h.role,"                               \
    " c.id AS competence_id, c.name AS competence, n.id AS need_id, n.ref AS need_ref, n.level AS needed, q.level AS shown,"     \
    " q.expires_on, CASE WHEN q.level >= n.level THEN 'met' WHEN q.level IS NOT NULL THEN 'below'"                               \
    " WHEN EXISTS (SELECT FROM support.qualification x WHERE x.tenant_id = $1 AND x.person_id = p.id"                            \
    " AND x.competence_id = c.id AND x.archived_at IS NULL AND x.status <> 'revoked' AND x.level >= n.level) THEN 'expired'"     \
    " ELSE 'missing' END AS state,"                                                                                              \
    " (SELECT t.ref FROM support.training t JOIN core.link l ON l.tenant_id = $1 AND l.relation = "                              \
    "'support.trainings.participants' AND l.from_id = t.id AND l.to_id = p.id WHERE t.tenant_id = $1 AND t.archived_at IS NULL"  \
    " AND t.competence_id = c.id AND t.status IN ('planned', 'held') ORDER BY t.planned_on, t.id LIMIT 1) AS training"           \
    " FROM holds h JOIN support.person p ON p.tenant_id = $1 AND p.id = h.person_id AND p.archived_at IS NULL"                   \
    " AND coalesce(p.left_on >= " SUPPORT_TODAY ", true)"                                                                        \
    " JOIN support.competence_need n ON n.tenant_id = $1 AND n.role = h.role AND n.archived_at IS NULL"                          \
    " JOIN support.competence c ON c.tenant_id = $1 AND c.id = n.competence_id AND c.archived_at IS NULL"                        \
    " LEFT JOIN LATERAL (SELECT q.level, q.expires_on FROM support.qualification q WHERE q.tenant_id = $1"                       \
    " AND q.person_id = p.id AND q.competence_id = c.id AND q.archived_at IS NULL AND q.status = 'valid'"                        \
    " AND coalesce(q.expires_on >= " SUPPORT_TODAY ", true)"                                                                     \
    " ORDER BY q.level DESC, q.expires_on DESC NULLS FIRST LIMIT 1) q ON true)"

/* The same counted, by the roles that the list of persons names. */
#define SUPPORT_COMPETENCE_SIGNAL                                                                                                \
    SUPPORT_HOLDS SUPPORT_OWN_ROLES SUPPORT_CELLS                                                                                \
        " SELECT count(*) FILTER (WHERE state = 'met'), count(*), count(*) > 0 AND bool_and(state = 'met') FROM cell"

#endif
