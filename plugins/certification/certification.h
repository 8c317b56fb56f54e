/* What the files of this plugin share. A body's records live in the body's organisation, a client's in the client's. */
#ifndef CERTIFICATION_CERTIFICATION_H
#define CERTIFICATION_CERTIFICATION_H

#include "rules.h"
#include <ballium/plugin.h>
#include <ballium/rules.h>

/* common.c */
long certification_number(const json_t *record, const char *name); /* 0: absent or null */
long certification_day_in(const json_t *record, const char *name); /* 0: no date */
long certification_today(struct bl_request *);
long certification_latest_today(struct bl_request *);                   /* where the day begins first */
void certification_set_day(json_t *record, const char *name, long day); /* 0: null */
enum bl_status certification_ordered(struct bl_request *, const json_t *record, const char *first, const char *then);
void certification_release(void *json);                                      /* for bl_defer */
void certification_put_day(struct bl_request *, const char *name, long day); /* in an answer; 0: null */

/* plans.c, plan_views.c, gantt.c: the client's way to the certificate */
extern const struct bl_field certification_plan_fields[], certification_task_fields[];
extern const struct bl_state certification_plan_states[];
extern const struct bl_transition certification_plan_transitions[];
extern const struct bl_constraint certification_task_constraints[];
enum bl_status certification_plan_before(struct bl_request *, const struct bl_change *);
enum bl_status certification_task_before(struct bl_request *, const struct bl_change *);

struct certification_bar { /* a task as it is drawn */
    const char *id, *title, *phase, *responsible, *clauses, *deliverable;
    long number, baseline_start, baseline_finish, progress, started, finished;
    bool milestone;
    struct certification_task task;
};
struct certification_point { /* of the gauge, in per cent; readiness -1: not known */
    long on, progress, readiness;
};
struct certification_chart {
    struct certification_bar *bars;
    struct certification_point *gauge; /* the oldest first */
    size_t count, gauge_count;
    long readiness; /* now */
    const char *id, *title, *status;
    long start, target, baseline, forecast; /* the last day of what counts; forecast 0: a circle */
};
/* Reads the plan with its tasks and schedules them. */
enum bl_status certification_chart_read(struct bl_request *, const char *plan, struct certification_chart *);
/* gauge.c: fills readiness and gauge of a chart that was read; writes them as JSON; the duty that measures. */
enum bl_status certification_gauge_read(struct bl_request *, struct certification_chart *);
void certification_gauge_put(struct bl_request *, const struct certification_chart *);
long certification_done_share(const struct certification_chart *); /* of all days of work, in per cent */
/* What the baseline says should be done by the evening of that day, in per cent; -1: there is none. */
long certification_planned_share(const struct certification_chart *, long day);
enum bl_status certification_gauge_plans(struct bl_request *);
enum bl_status certification_plan_from_template(struct bl_request *);
enum bl_status certification_gantt(struct bl_request *);
void certification_gantt_svg(struct bl_request *, const struct certification_chart *, long today);

/* settings.c, calculations.c: a body's figures, and audit time */
extern const struct bl_field certification_settings_fields[], certification_table_fields[], certification_calculation_fields[];
extern const struct bl_state certification_calculation_states[];
extern const struct bl_transition certification_calculation_transitions[];
enum bl_status certification_table_before(struct bl_request *, const struct bl_change *);
enum bl_status certification_table_read(struct bl_request *, const char *id,
                                        struct certification_time_table *); /* id NULL: shipped */
enum bl_status certification_calculation_before(struct bl_request *, const struct bl_change *);

/* SQL: the body's settings as s; all of it null where there are none. */
#define CERTIFICATION_SETTINGS                                                                                                   \
    " LEFT JOIN LATERAL (SELECT * FROM certification.body_setting s WHERE s.tenant_id = $1 AND s.archived_at IS NULL"            \
    " ORDER BY s.created_at DESC LIMIT 1) s ON true"

/* office.c */
#define CERTIFICATION_AREAS                                                                                                      \
    "leading audit_method management_systems isms sector_law threats measurement good_practice assets technology risk_method"
extern const struct bl_field certification_application_fields[], certification_auditor_fields[],
    certification_declaration_fields[];
extern const struct bl_state certification_application_states[];
extern const struct bl_transition certification_application_transitions[];
enum bl_status certification_application_before(struct bl_request *, const struct bl_change *);
enum bl_status certification_application_answered(struct bl_request *, const struct bl_change *);
enum bl_status certification_auditor_before(struct bl_request *, const struct bl_change *);
enum bl_status certification_declaration_before(struct bl_request *, const struct bl_change *);

/* SQL: the newest declaration of auditor u about the certification of audit x does not clear the way. */
#define CERTIFICATION_NOT_CLEARED                                                                                                \
    "NOT coalesce((SELECT n.cleared FROM certification.declaration n WHERE n.tenant_id = $1 AND n.certificate_id = "             \
    "x.certificate_id"                                                                                                           \
    " AND n.auditor_id = u.id AND n.archived_at IS NULL ORDER BY n.declared_on DESC, n.created_at DESC LIMIT 1), false)"
/* SQL: did this person take part in an audit of this certification? */
#define CERTIFICATION_IN_TEAM(certificate, person)                                                                               \
    "EXISTS (SELECT FROM certification.audit x JOIN certification.team_member t ON t.tenant_id = x.tenant_id AND t.audit_id = "  \
    "x.id"                                                                                                                       \
    " AND t.archived_at IS NULL JOIN certification.auditor u ON u.tenant_id = t.tenant_id AND u.id = t.auditor_id WHERE"         \
    " x.tenant_id = $1 AND x.certificate_id = " certificate " AND u.member_id = " person ")"

/* audits.c, findings.c, decisions.c, complaints.c */
extern const struct bl_field certification_audit_fields[], certification_team_fields[], certification_finding_fields[],
    certification_decision_fields[], certification_complaint_fields[];
extern const struct bl_state certification_audit_states[], certification_finding_states[], certification_decision_states[],
    certification_complaint_states[];
extern const struct bl_transition certification_audit_transitions[], certification_finding_transitions[],
    certification_decision_transitions[], certification_complaint_transitions[];
extern const struct bl_constraint certification_team_constraints[];
enum bl_status certification_audit_before(struct bl_request *, const struct bl_change *);
enum bl_status certification_team_before(struct bl_request *, const struct bl_change *);
enum bl_status certification_team_retire(struct bl_request *, const struct bl_change *);
enum bl_status certification_finding_before(struct bl_request *, const struct bl_change *);
enum bl_status certification_decision_before(struct bl_request *, const struct bl_change *);
enum bl_status certification_decision_tell(struct bl_request *, const struct bl_change *);
const char *certification_decision_verb(const char *outcome, long surveillances);
enum bl_status certification_complaint_before(struct bl_request *, const struct bl_change *);

/* certificates.c: what it holds; certificate_life.c: its steps */
extern const struct bl_field certification_certificate_fields[];
extern const struct bl_state certification_certificate_states[];
extern const struct bl_transition certification_certificate_transitions[];
extern const struct bl_constraint certification_certificate_constraints[];
enum bl_status certification_certificate_before(struct bl_request *, const struct bl_change *);
enum bl_status certification_certificate_after(struct bl_request *, const struct bl_change *);
enum bl_status certification_step_rule(struct bl_request *, const struct bl_change *);
enum bl_status certification_step_after(struct bl_request *, const struct bl_change *);
enum bl_status certification_decide(struct bl_request *, const struct bl_change *); /* of decisions: would it be refused? */
enum bl_status certification_decision_release(struct bl_request *, const struct bl_change *); /* of decisions: takes effect */

/* exchange.c: what one side may see of the other's work is sent, and answers come back the same way. */
enum certification_subject {
    CERTIFICATION_CERTIFICATE,
    CERTIFICATION_AUDIT,
    CERTIFICATION_FINDING,
    CERTIFICATION_DECISION,
    CERTIFICATION_APPLICATION
};
/* Tells the client of this record of the body's, if the client is an organisation here. */
enum bl_status certification_tell(struct bl_request *, enum certification_subject, const char *id);

/* register.c: what everybody may see of a certificate */
enum bl_status certification_publish(struct bl_request *, const char *certificate);

enum bl_status certification_public_one(struct bl_request *);
enum bl_status certification_public_search(struct bl_request *);
enum bl_status certification_register_export(struct bl_request *);

/* exchange.c and client.c: the client's side */
extern const struct bl_inbox certification_inboxes[];
extern const struct bl_field certification_request_fields[], certification_held_fields[], certification_visit_fields[],
    certification_received_fields[], certification_verdict_fields[];
extern const struct bl_state certification_request_states[], certification_visit_states[], certification_received_states[];
extern const struct bl_transition certification_request_transitions[], certification_visit_transitions[],
    certification_received_transitions[];
/* The id of an organisation that a certification engagement binds to this one; else 422 at `pointer`. */
enum bl_status certification_engaged(struct bl_request *, const char *org, const char *pointer, const char **id);
enum bl_status certification_finding_after(struct bl_request *, const struct bl_change *);
enum bl_status certification_tell_changes(struct bl_request *); /* duty, at the client */
enum bl_status certification_request_send(struct bl_request *, const struct bl_change *);
enum bl_status certification_answer(struct bl_request *, const struct bl_change *); /* of what the body sent */
enum bl_status certification_mirror_before(struct bl_request *, const struct bl_change *);
enum bl_status certification_mirror_retire(struct bl_request *, const struct bl_change *);

/* programme.c */
extern const struct bl_duty certification_duties[];
enum bl_status certification_programme(struct bl_request *);
enum bl_status certification_load(struct bl_request *);
/* The query parameter `days`, `unless` when it is not given; refuses what is not 0 to 4000. */
enum bl_status certification_days_ahead(struct bl_request *, const char *unless, const char **days);

/* portfolio.c */
enum bl_status certification_portfolio(struct bl_request *);

/* print.c */
extern const struct bl_report certification_reports[];

/* audit_file.c */
extern const struct bl_field certification_file_fields[], certification_given_fields[];
extern const struct bl_state certification_file_states[];
extern const struct bl_transition certification_file_transitions[];
enum bl_status certification_file_receive(struct bl_request *, const char *from, const json_t *message);
enum bl_status certification_file_end(struct bl_request *);
enum bl_status certification_file_content(struct bl_request *);
enum bl_status certification_given_content(struct bl_request *);
/* Does a certification engagement bind the two, this organisation being that `side` ("client", "provider")? Else 403. */
enum bl_status certification_engaged_as(struct bl_request *, const char *side, const char *from);

#endif
