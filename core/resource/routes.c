/* The tables of routes. A line here is all it takes to serve one more path for every resource. */
#include "resource/routes.h"

#include "resource/import.h"

/* Column order: method, suffix, verb, handler, flags, body_limit, produces. */
const struct line resource_lines[] = {
    {"GET", "", "read", resource_list, LINE_TABLE, 0, NULL},
    {"POST", "", "write", resource_post, BL_WRITE | LINE_MADE, 0, NULL},
    {"GET", "/{id}", "read", resource_get, 0, 0, NULL},
    {"PATCH", "/{id}", "write", resource_patch, BL_WRITE | LINE_CHANGE, 0, NULL},
    {"POST", "/{id}:archive", "archive", resource_archive, BL_WRITE | LINE_CHANGE, 0, NULL},
    {"POST", "/{id}:restore", "archive", resource_restore, BL_WRITE | LINE_CHANGE, 0, NULL},
    {"POST", "/{id}:{transition}", NULL, resource_transit, BL_WRITE | LINE_TRANSITION, 0, NULL},
    {"GET", "/{id}/history", "read", resource_history, 0, 0, NULL},
    {"POST", ":batch", "write", resource_batch, BL_WRITE | LINE_MADE, 0, NULL},
    {"POST", ":import", "write", resource_import, BL_WRITE | LINE_MADE, IMPORT_BODY, NULL},
    {"GET", ":template", "write", resource_template, LINE_MADE, 0, "text/csv"},
    {"GET", "/{id}/links/{relation}", "read", resource_links, LINE_RELATION, 0, NULL},
    {"POST", "/{id}/links/{relation}", "write", resource_link, BL_WRITE | LINE_RELATION, 0, NULL},
    {"DELETE", "/{id}/links/{relation}/{other}", "write", resource_unlink, BL_WRITE | LINE_RELATION, 0, NULL},
    {NULL, NULL, NULL, NULL, 0, 0, NULL},
};

const struct line tenant_lines[] = {
    {"GET", "/meta", NULL, engine_meta, 0, 0, NULL},
    {"GET", "/search", NULL, engine_search, 0, 0, NULL},
    {"GET", "/calendar", NULL, engine_calendar, 0, 0, NULL},
    {"GET", "/calendar.ics", NULL, engine_calendar_feed, ENGINE_FEED, 0, "text/calendar"},
    {"GET", "/my-work", NULL, engine_my_work, 0, 0, NULL},
    {"GET", "/signals", "core.organisation:read", engine_signal_list, 0, 0, NULL},
    {"GET", "/jobs", NULL, engine_jobs, 0, 0, NULL},
    {"GET", "/jobs/{job}", NULL, engine_job, 0, 0, NULL},
    {NULL, NULL, NULL, NULL, 0, 0, NULL},
};

const struct line service_lines[] = {
    {"GET", "/api/v1/openapi.json", NULL, engine_openapi, BL_PUBLIC, 0, NULL},
    {NULL, NULL, NULL, NULL, 0, 0, NULL},
};
