/* What the files of this plugin share. A body's records live in the body's organisation, a client's in the client's. */
#ifndef CERTIFICATION_CERTIFICATION_H
#define CERTIFICATION_CERTIFICATION_H

#include "rules.h"
#include <ballium/plugin.h>

/* common.c */
const char *certification_text(const json_t *record, const char *name); /* NULL: absent, null or blank */
long certification_number(const json_t *record, const char *name);      /* 0: absent or null */
long certification_day_in(const json_t *record, const char *name);      /* 0: no date */
long certification_today(struct bl_request *);
long certification_latest_today(struct bl_request *);                   /* where the day begins first */
void certification_set_day(json_t *record, const char *name, long day); /* 0: null */
enum bl_status certification_not_future(struct bl_request *, const json_t *record, const char *field);
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
struct certification_chart {
    struct certification_bar *bars;
    size_t count;
    const char *id, *title, *status;
    long start, target, baseline, forecast; /* the last day of what counts; forecast 0: a circle */
};
/* Reads the plan with its tasks and schedules them. */
enum bl_status certification_chart_read(struct bl_request *, const char *plan, struct certification_chart *);
enum bl_status certification_plan_from_template(struct bl_request *);
enum bl_status certification_gantt(struct bl_request *);
void certification_gantt_svg(struct bl_request *, const struct certification_chart *, long today);

#endif
