/* The routes that every resource has, and the engine's tenant-wide ones: two tables (routes.c) and their handlers. */
#ifndef RESOURCE_ROUTES_H
#define RESOURCE_ROUTES_H

#include "resource/plan.h"

enum line_flag {
    LINE_TRANSITION = 1 << 8, /* once per transition; {transition} in the suffix is its name, the permission its own */
    LINE_RELATION = 1 << 9,   /* once per relation; {relation} in the suffix is its name */
    LINE_CHANGE = 1 << 10,    /* not for BL_APPEND_ONLY */
    LINE_TABLE = 1 << 11,     /* JSON, CSV or XLSX by Accept */
    LINE_MADE = 1 << 12,      /* makes records of JSON or CSV: not for BL_UPLOADED */
};

struct line {
    const char *method;
    const char *suffix; /* after the resource's path (or after /api/v1/orgs/{org} in tenant_lines): ":batch", "/{id}" */
    const char *verb;   /* "read", "write", "archive" of the resource; tenant_lines: a whole permission, or NULL: any member */
    bl_handler handler;
    unsigned flags;       /* enum bl_route_flag | enum line_flag */
    size_t body_limit;    /* 0: the configured one */
    const char *produces; /* NULL: JSON */
};

extern const struct line resource_lines[]; /* each ends with a zeroed element */
extern const struct line tenant_lines[];
extern const struct line service_lines[]; /* whole paths, outside any organisation */

/* What the handlers share (read.c): the id in the path, 404 for it, the record of row 0 as the answer with its ETag; its state as
 * an index into resource->states (-1: no workflow); did this caller make it or last edit it? */
const char *resource_id(struct bl_request *);
const char *resource_uuid(const char *id); /* the id, or the nil UUID for a text that is none: there is no such record */
enum bl_status resource_missing(struct bl_request *, const struct plan *);
void resource_answer(struct bl_request *, const struct plan *, int status, const struct bl_rows *, uint64_t columns);
int resource_state(struct bl_request *, const struct plan *, const struct bl_rows *, int row);
bool resource_is_author(struct bl_request *, const struct plan *, const struct bl_rows *, int row);

/* read.c, list.c, write.c, workflow.c, history.c */
enum bl_status resource_get(struct bl_request *);
enum bl_status resource_list(struct bl_request *);
enum bl_status resource_post(struct bl_request *);
enum bl_status resource_patch(struct bl_request *);
enum bl_status resource_archive(struct bl_request *); /* :archive */
enum bl_status resource_restore(struct bl_request *);
enum bl_status resource_transit(struct bl_request *);
enum bl_status resource_history(struct bl_request *);

/* Called by resource_list when bl_accepts says so. */
enum bl_status resource_list_csv(struct bl_request *);  /* export.c */
enum bl_status resource_list_xlsx(struct bl_request *); /* xlsx.c */

/* batch.c, import.c, links.c */
enum bl_status resource_batch(struct bl_request *);
enum bl_status resource_import(struct bl_request *);
enum bl_status resource_template(struct bl_request *);
enum bl_status resource_links(struct bl_request *);
enum bl_status resource_link(struct bl_request *);
enum bl_status resource_unlink(struct bl_request *);
const char *resource_url(struct bl_request *, const struct plan *,
                         const char *id); /* path of a record, in the request's memory */

/* history.c: `limit` and `cursor` (a UUID, or NULL) of a list that takes nothing else. */
enum bl_status resource_page_of(struct bl_request *, long *limit, const char **cursor);
/* Opens an event's object with what every event has; the first columns are id, time, actor, the actor's name. */
void resource_put_event(struct bl_request *, const struct bl_rows *, int i);

/* orders.c, signals.c */
enum bl_status engine_job(struct bl_request *);
enum bl_status engine_jobs(struct bl_request *);
enum bl_status engine_signal_list(struct bl_request *);
const char *signals_compile(struct arena *, const struct registry *);
const char *engine_signal_sql(const struct engine *); /* NULL: no area has signals */

/* reports.c */
enum bl_status resource_report(struct bl_request *);
extern const char report_order_schema[], report_answer_schema[];

/* meta.c, search.c, calendar.c, openapi.c */
enum bl_status engine_meta(struct bl_request *);
enum bl_status engine_search(struct bl_request *);
enum bl_status engine_calendar(struct bl_request *);
enum bl_status engine_calendar_feed(struct bl_request *);
enum bl_status engine_my_work(struct bl_request *);
enum bl_status engine_openapi(struct bl_request *);

/* The resources that the caller may read, as a text[] for PostgreSQL (search.c). Valid after the first bl_sql. */
const char *resource_readable(struct bl_request *, const struct engine *);

#endif
