/* One plan per resource: everything that can be worked out from the descriptor before the first request. Built by engine_new in
 * the engine's arena, read-only afterwards, shared by all threads. Internal to core/resource. */
#ifndef RESOURCE_PLAN_H
#define RESOURCE_PLAN_H

#include "base/arena.h"
#include "resource/engine.h"
#include "resource/statement.h"

#define PLAN_PAGE 50 /* records in a page, unless `limit` says another number */
#define PLAN_PAGE_MAX 500
#define PLAN_SCAN 5000  /* records of a scan at a time: each page may cost the database a sort of all of them */
#define PLAN_COLUMNS 60 /* of one resource at most: sets of columns are bits of one word, with room for "actions" */

/* One member of a record, in the order in which records are selected and written. */
struct plan_column {
    const char *name;             /* of the SQL column and the JSON member */
    const char *cast;             /* type its parameters are cast to: "date" */
    enum bl_type type;            /* how its values are read from text; ids are BL_REF, times BL_TIME */
    const char *values;           /* ENUM, LIST: the allowed words; of status: the states */
    const struct bl_field *field; /* NULL: one of the engine's own columns */
    bool raw;                     /* LIST, ITEMS: bl_cell gives them as JSON text */
    bool filter;                  /* may stand in a filter; and in sort unless it is a list */
    bool nullable;
};

/* An order: at most three members that the caller names, and id, which makes it total. */
#define PLAN_SORT 4
struct plan_sort {
    struct {
        size_t column;
        bool descending;
    } keys[PLAN_SORT];
    size_t count;
};

struct plan_transition {
    const struct bl_transition *transition;
    const char *permission; /* whole: "context.scope:approve" */
    uint64_t from;          /* bits of plan.resource->states */
    uint64_t taken;         /* bits of the BL_SERVER fields that .rule may fill: those that .sets does not */
    const char *sql;        /* sets the state, writes the event; see sql.c for its parameters */
};

/* A relation as seen from this resource, at whichever end it stands. */
struct plan_relation {
    const char *name; /* in this resource's paths: "controls", or at the other end "risks" */
    const char *key;  /* core.link.relation: "planning.risks.controls" */
    const struct bl_relation *relation;
    bool inverse;                  /* this resource is the .to end */
    const char *other;             /* "annex_a.controls" */
    const struct plan *other_plan; /* NULL: that area is not loaded */
    const bl_rule *watches;        /* of other areas, ends with NULL; NULL: nobody listens */
};

struct plan {
    const struct engine *engine;
    const struct bl_plugin *plugin;
    const struct bl_resource *resource;
    const char *name;                   /* "context.interested_parties" */
    const char *base;                   /* "/api/v1/orgs/{org}/context/interested-parties" */
    const char *path;                   /* "context/interested-parties" */
    const char *read, *write, *archive; /* whole permissions: "context.interested_party:read" */

    struct plan_column columns[PLAN_COLUMNS];
    size_t column_count;
    size_t id, ref, version, created_at, created_by, updated_at, updated_by, archived_at; /* indexes into columns */
    int status;                   /* index into columns; -1: no workflow */
    size_t field, field_count;    /* columns[field + i] is resource->fields[i] */
    const struct bl_field *title; /* the BL_TITLE field */
    uint64_t frozen, closed;      /* states, as bits of resource->states */

    struct plan_transition *transitions;
    size_t transition_count;
    struct plan_relation *relations;
    size_t relation_count;
    const bl_rule *watches; /* of other areas, ends with NULL; NULL: nobody listens */

    struct plan_sort sort; /* the default order */

    /* SQL, constant. The table's alias is t; `select` lists the columns in their order, ready to be written as JSON. */
    const char *select;
    const char *sql_read, *sql_there, *sql_lock, *sql_list, *sql_create, *sql_create_many, *sql_update, *sql_archive,
        *sql_restore;
    const char *sql_history;
};

#define PLAN_ACTIONS (1ULL << 63) /* "actions" in a set of columns */
#define PLAN_ALL UINT64_MAX

/* bl_request.data of every route in engine_routes(). */
struct plan_route {
    const struct engine *engine;
    const struct plan *plan; /* NULL: a tenant-wide route, or a plugin's own */
    const struct plan_transition *transition;
    const struct plan_relation *relation;
    const char *report; /* "planning.soa" */
};

static inline const struct plan_route *plan_route(const struct bl_request *r)
{
    return r->data;
}

/* Fills everything but the relations, which need all plans. False: printed. */
bool plan_compile(struct arena *, const struct engine *, const struct bl_plugin *, const struct bl_resource *, struct plan *,
                  FILE *errors);
char *plan_path(struct arena *, const char *name); /* "annex_a" -> "annex-a" */

const struct plan *plan_find(const struct engine *, const char *name);        /* "area.resource"; NULL: unknown */
const struct plan *const *plan_all(const struct engine *, size_t *count);     /* in the order of the registry */
const struct plan_column *plan_column(const struct plan *, const char *name); /* NULL: no such member */

/* ---- validate.c: a body against the fields ------------------------------------------------------------------------------ */

enum plan_mode { PLAN_CREATE, PLAN_PATCH };

/* Validated values; index i is resource->fields[i]. */
struct plan_values {
    const char *text[PLAN_COLUMNS]; /* as PostgreSQL reads them; NULL: SQL null */
    json_t *json[PLAN_COLUMNS];     /* as rules read them; borrowed; NULL: null, or an empty array of a LIST or ITEMS */
    uint64_t given;                 /* bit i: in the body (or an initial value, on create) */
};

/* Every objection, up to 50, becomes an entry at `prefix` + "/" + member: "" for a body of its own. BL_OK or BL_UNPROCESSABLE.
 * Needs no database. */
BL_MUST_CHECK enum bl_status resource_validate(struct bl_request *, const struct plan *, const json_t *body, enum plan_mode,
                                               const char *prefix, struct plan_values *out);
/* Single values: value.h. */

/* ---- write.c: records from code, from a batch, from a file ------------------------------------------------------------- */

/* One record through everything that POST does, permission apart (http has checked the route's; engine_create asks bl_may).
 * `server`: BL_SERVER fields that the core sets (NULL: none). `flags`: BL_FINAL when nothing follows; dropped when a rule in C
 * follows. Row 0 of `out`: the record as plan.select lists it.
 */
BL_MUST_CHECK enum bl_status resource_create(struct bl_request *, const struct plan *, const json_t *body, const json_t *server,
                                             unsigned flags, struct bl_rows **out);
/* The same for PATCH. `version` < 0: any. */
BL_MUST_CHECK enum bl_status resource_update(struct bl_request *, const struct plan *, const char *id, long version,
                                             const json_t *patch, unsigned flags, struct bl_rows **out);
/* Reads If-Match: 428 without, 400 when it is not one strong entity tag made by us. */
BL_MUST_CHECK enum bl_status resource_if_match(struct bl_request *, long *version);
/* Tells that `what` ("issue") has version `now` and not the one that If-Match named. Always BL_PRECONDITION_FAILED. */
enum bl_status resource_changed_since(struct bl_request *, const char *what, int64_t now, long seen);
/* The answer's ETag, which If-Match gives back. After bl_respond. */
void resource_tag(struct bl_request *, int64_t version);

/* ---- read.c: records as JSON --------------------------------------------------------------------------------------------- */

/* What the caller may do, asked once per answer. Valid after the first bl_sql. */
struct plan_caller {
    bool write, archive;
    uint64_t transitions; /* bits of plan.transitions */
};
void resource_caller(struct bl_request *, const struct plan *, struct plan_caller *);

/* Writes one record as an object. `columns`: bits of plan.columns, PLAN_ACTIONS; PLAN_ALL. */
void resource_json_row(struct bl_request *, const struct plan *, const struct plan_caller *, const struct bl_rows *, int row,
                       uint64_t columns, const char *name);
/* The record as jansson: for hooks and bl_create. Freed with the request. */
json_t *resource_record(struct bl_request *, const struct plan *, const struct bl_rows *, int row);

/* The query parameter `fields` as a set of columns (PLAN_ALL without one). BL_BAD_REQUEST names the unknown one. */
BL_MUST_CHECK enum bl_status resource_fields(struct bl_request *, const struct plan *, uint64_t *columns);
/* Refuses (400) a query parameter that is not in `allowed`, a list (NULL: none is), and one that stands twice. */
BL_MUST_CHECK enum bl_status resource_known_query(struct bl_request *, const char *allowed);

/* ---- list.c ------------------------------------------------------------------------------------------------------------- */

/* Every row of this request's filter and sort (not its limit or cursor), page by page within the transaction: CSV, XLSX.
 * `page` gets at most PLAN_SCAN rows, and is not called when there are none; whatever it returns but BL_OK ends the scan. What it
 * takes of the request's memory goes with the page. */
typedef enum bl_status (*resource_page)(struct bl_request *, const struct plan *, const struct bl_rows *, int count, void *arg);
BL_MUST_CHECK enum bl_status resource_scan(struct bl_request *, const struct plan *, resource_page, void *arg);

/* ---- calendar.c --------------------------------------------------------------------------------------------------------- */

/* The first field with that flag behind `after` (NULL: from the start); NULL: there is none. */
const struct bl_field *plan_next_with(const struct plan *, unsigned flag, const struct bl_field *after);
/* Adds " AND t.status NOT IN ('closed')" to a WHERE over alias t: the record is not over. */
void plan_put_open(struct statement *, const struct plan *);

/* ---- search.c ------------------------------------------------------------------------------------------------------------ */

/* Search. The writer (sql.c) keeps core.search_term: the lexemes of to_tsvector('simple', …) of the reference and the title
 * (weight 4), other short texts and lists (2), BL_LONG texts (1), the greatest weight of each. Archived records keep their terms:
 * a reader joins the record and says archived_at IS NULL. search.c gives the reader's half for ?q= on a list: */
/* Adds " AND t.id IN (…)" for each word of `q` to a WHERE over alias t. BL_BAD_REQUEST: no word in it, or too many. */
BL_MUST_CHECK enum bl_status search_where(struct statement *, const struct plan *, const char *q);

#endif
