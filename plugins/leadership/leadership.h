/* What the files of this plugin share. Tables are constant data; a rule and a handler live beside the table they guard. */
#ifndef LEADERSHIP_LEADERSHIP_H
#define LEADERSHIP_LEADERSHIP_H

#include <ballium/plugin.h>
#include <ballium/rules.h>

/* policies.c: clause 5.2 */
extern const struct bl_field leadership_policy_fields[];
extern const struct bl_state leadership_policy_states[];
extern const struct bl_transition leadership_policy_transitions[];
extern const struct bl_constraint leadership_policy_constraints[];
enum bl_status leadership_policy_retire(struct bl_request *, const struct bl_change *);

/* campaigns.c: who has acknowledged a policy, who is reminded */
extern const struct bl_field leadership_campaign_fields[], leadership_reminder_fields[];
extern const struct bl_state leadership_campaign_states[];
extern const struct bl_transition leadership_campaign_transitions[];
enum bl_status leadership_reminder_before(struct bl_request *, const struct bl_change *);
enum bl_status leadership_progress(struct bl_request *);
enum bl_status leadership_remind_readers(struct bl_request *); /* duty */

/* commitments.c: clause 5.1 */
extern const struct bl_field leadership_commitment_fields[];
extern const struct bl_relation leadership_commitment_relations[];
enum bl_status leadership_commitment_before(struct bl_request *, const struct bl_change *);
enum bl_status leadership_commitment_summary(struct bl_request *);

/* roles.c: clause 5.3 */
extern const struct bl_field leadership_role_fields[], leadership_appointment_fields[];
extern const struct bl_state leadership_appointment_states[];
extern const struct bl_transition leadership_appointment_transitions[];
extern const struct bl_constraint leadership_role_constraints[], leadership_appointment_constraints[];
enum bl_status leadership_role_before(struct bl_request *, const struct bl_change *);
enum bl_status leadership_role_retire(struct bl_request *, const struct bl_change *);
enum bl_status leadership_appointment_before(struct bl_request *, const struct bl_change *);
enum bl_status leadership_end_appointments(struct bl_request *); /* duty */

/* matrix.c: who answers for what */
extern const struct bl_field leadership_responsibility_fields[];
extern const struct bl_relation leadership_responsibility_relations[];
enum bl_status leadership_responsibility_before(struct bl_request *, const struct bl_change *);
enum bl_status leadership_matrix(struct bl_request *);

extern const struct bl_report leadership_reports[]; /* reports.c */

/* gaps.c */
enum bl_status leadership_gaps(struct bl_request *);

/* rules.c */
/* One row by the record's id ($2); BL_NOT_FOUND with words when there is none. */
enum bl_status leadership_row(struct bl_request *, const char *sql, const char *id, struct bl_rows **rows);
/* The second day must not lie before the first, when both are given. */
enum bl_status leadership_ordered(struct bl_request *, const struct bl_change *, const char *first, const char *then);
/* Answers {"items": [each row's first cell, which is JSON], "count"}. */

#define LEADERSHIP_TODAY "(now() AT TIME ZONE 'UTC')::date"

/* The person p is one of those whom the policy o is for. */
#define LEADERSHIP_MEANT "support.meant(p.archived_at, p.left_on, p.unit, o.units)"

/* The person p works here today. */
#define LEADERSHIP_HERE "p.archived_at IS NULL AND coalesce(p.left_on >= " LEADERSHIP_TODAY ", true)"

/* The eight things of clause 5.1, as a table (letter, what). */
#define LEADERSHIP_DEEDS                                                                                                         \
    "(VALUES ('a', 'Policy and objectives are there and fit the strategy'), ('b', 'Security is part of everyday processes'),"    \
    " ('c', 'The means that the ISMS needs are given'), ('d', 'People are told why it matters'),"                                \
    " ('e', 'It is followed whether the ISMS brings what it shall'), ('f', 'Those who make it work are guided and backed'),"     \
    " ('g', 'Improvement is pushed'), ('h', 'Other managers are helped to lead in their own area')) AS deed (letter, what)"

#endif
