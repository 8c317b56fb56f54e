/* The two tables of routes. A line here is all it takes to serve one more path for every resource. */
#include "resource/routes.h"

const struct line resource_lines[] = {
    {"GET", "", "read", resource_list, LINE_TABLE},
    {"POST", "", "write", resource_post, BL_WRITE},
    {"GET", "/{id}", "read", resource_get, 0},
    {"PATCH", "/{id}", "write", resource_patch, BL_WRITE | LINE_CHANGE},
    {"POST", "/{id}:archive", "archive", resource_archive, BL_WRITE | LINE_CHANGE},
    {"POST", "/{id}:restore", "archive", resource_restore, BL_WRITE | LINE_CHANGE},
    {"POST", "/{id}:{transition}", NULL, resource_transit, BL_WRITE | LINE_TRANSITION},
    {"GET", "/{id}/history", "read", resource_history, 0},
    {NULL, NULL, NULL, NULL, 0},
};

const struct line tenant_lines[] = {
    {NULL, NULL, NULL, NULL, 0},
};
