/* What the files of this plugin share. Tables are constant data; a rule and a handler live beside the table they guard. */
#ifndef EVALUATION_EVALUATION_H
#define EVALUATION_EVALUATION_H

#include <ballium/plugin.h>
#include <ballium/rules.h>

/* programmes.c, coverage.c: what is audited over the cycle */
extern const struct bl_field evaluation_programme_fields[];
extern const struct bl_state evaluation_programme_states[];
extern const struct bl_transition evaluation_programme_transitions[];
enum bl_status evaluation_programme_before(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_programme_retire(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_coverage(struct bl_request *);
/* Names every clause and control that no audit of the programme covers; `done`: by an audit whose report is issued. */
enum bl_status evaluation_holes(struct bl_request *, const char *programme_id, bool done);

/* audits.c, team.c: one audit, who does it */
extern const struct bl_field evaluation_audit_fields[], evaluation_team_fields[];
extern const struct bl_relation evaluation_audit_relations[];
extern const struct bl_state evaluation_audit_states[];
extern const struct bl_transition evaluation_audit_transitions[];
enum bl_status evaluation_audit_before(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_audit_after(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_audit_retire(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_team_before(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_team_after(struct bl_request *, const struct bl_change *);
/* Refuses every person of the team who owns a process, control or document in the audit's scope, with the reason. */
enum bl_status evaluation_independence(struct bl_request *, const char *audit_id);

/* checklist.c, findings.c: what was asked, what came out */
extern const struct bl_field evaluation_checklist_fields[], evaluation_finding_fields[];
extern const struct bl_relation evaluation_finding_relations[];
enum bl_status evaluation_checklist_before(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_draw(struct bl_request *);
enum bl_status evaluation_questions(struct bl_request *);
enum bl_status evaluation_finding_before(struct bl_request *, const struct bl_change *);
/* A nonconformity of the improvement area for each finding of that kind, when the area is here. */
enum bl_status evaluation_open_nonconformities(struct bl_request *, const char *audit_id);
enum bl_status evaluation_follow_up(struct bl_request *, const char *audit_id); /* names those that are not over */

/* metrics.c: clause 9.1 */
extern const struct bl_field evaluation_metric_fields[], evaluation_measurement_fields[];
extern const struct bl_state evaluation_metric_states[];
extern const struct bl_transition evaluation_metric_transitions[];
enum bl_status evaluation_metric_before(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_measurement_before(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_measurement_after(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_series(struct bl_request *);
enum bl_status evaluation_board(struct bl_request *);

/* derived.c: metrics from signals */
enum bl_status evaluation_signal_known(struct bl_request *, const char *name); /* "context.scope_in_force" */
enum bl_status evaluation_take(struct bl_request *);
enum bl_status evaluation_take_due(struct bl_request *);
/* "label: value of total" for each signal of these clauses (" 6.1.2 8.2 "), one below the other; NULL: there are none. */
const char *evaluation_signal_lines(struct bl_request *, const json_t *signals, const char *clauses);

/* statuses.c, readiness.c: each requirement of the standard */
extern const struct bl_field evaluation_status_fields[];
enum bl_status evaluation_status_before(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_readiness(struct bl_request *);

/* reviews.c, pack.c: clause 9.3 */
extern const struct bl_field evaluation_review_fields[], evaluation_decision_fields[];
extern const struct bl_state evaluation_review_states[], evaluation_decision_states[];
extern const struct bl_transition evaluation_review_transitions[], evaluation_decision_transitions[];
enum bl_status evaluation_review_before(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_review_retire(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_decision_before(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_decision_retire(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_gather(struct bl_request *, const struct bl_change *); /* rule: fills the pack */
extern const char evaluation_wanted[]; /* SQL: input, number, title of what the edition wants; $2 the review */

extern const struct bl_report evaluation_reports[]; /* reports.c */

/* rules.c */
/* The second day must not lie before the first. */
enum bl_status evaluation_ordered(struct bl_request *, const struct bl_change *, const char *first, const char *then);
bool evaluation_is_state(const json_t *record, const char *states); /* " draft closed ": one of these? */
/* Refuses the change of what belongs to an audit whose report is issued; locks the audit until the end. */
enum bl_status evaluation_audit_open(struct bl_request *, const struct bl_change *);
enum bl_status evaluation_audit_part_retire(struct bl_request *, const struct bl_change *);

#define EVALUATION_EDITIONS "2013 2022"

#endif
