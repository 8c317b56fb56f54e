/* The plugin contract. A plugin is one shared object that exports one symbol, bl_plugin_<name>: a constant descriptor. The core
 * reads, checks and may refuse it before it calls anything. */
#ifndef BALLIUM_PLUGIN_H
#define BALLIUM_PLUGIN_H

#include <ballium/core.h>
#include <ballium/resource.h>
#include <stddef.h>

#define BL_ABI_MAJOR 1
#define BL_ABI_MINOR 2

/* What the plugin was compiled with. Same major, minor not above the core's, sizes equal; else refused. */
struct bl_abi {
    uint16_t major, minor;
    uint16_t plugin, resource, field, relation, state, transition, constraint, route, migration, signal, duty, job, inbox, report,
        watch;
};

enum bl_route_flag {
    BL_PUBLIC = 1 << 0,   /* no token: below /api/v1/public/ instead. The handler enters no tenant; $1 is its first argument. */
    BL_WRITE = 1 << 1,    /* the transaction may write; every method but GET implies it */
    BL_CREATED = 1 << 2,  /* it answers 201 instead of 200 (said in the document; the handler sets it) */
    BL_ACCEPTED = 1 << 3, /* 202: see bl_accepted */
    BL_FRESH = 1 << 4,    /* a dangerous act, for a person who signed in within the last five minutes (else 401, RFC 9470) */
    /* A view over many organisations, below /api/v1/portfolio/<area> ("" is that itself); a GET without {name}s, for people only.
     * `permission` is asked for in each organisation that the caller may enter; $1 of every statement is the uuid[] of those
     * where it is held, so statements say `tenant_id = ANY ($1)` where others say `tenant_id = $1`. See bl_organisation. */
    BL_PORTFOLIO = 1 << 5,
    /* Of the core's own routes: a GET answers with an ETag, what changes or deletes wants it as If-Match (said in the document).
     */
    BL_TAGGED = 1 << 6,
};

/* A route of the plugin's own, below /api/v1/orgs/{org}/<area>/ . */
struct bl_route {
    const char *method;     /* "GET" */
    const char *path;       /* "swot", "processes:adopt", "scopes/{id}/difference"; {name} takes one segment, which must be a
                               UUID (else 404) when the name is id or ends in _id */
    const char *permission; /* whole: "context.issue:read"; must be one that a resource, or .permissions, declares */
    bl_handler handler;
    unsigned flags;
    const char *summary;  /* one line, for the OpenAPI document */
    const char *query;    /* list of allowed query parameters; any other is 400 */
    const char *produces; /* list of media types, first is the default; NULL: application/json */
    const char *body;     /* JSON Schema (text) of the request body, or NULL: none is read */
    const char *answer;   /* JSON Schema (text) of the 200 body when it is JSON */
};

struct bl_migration {
    int number;             /* 1, 2, …: dense, ordered */
    const char *name, *sql; /* embedded by ballium_add_plugin (CMake) from sql/NNNN_name.sql */
    size_t length;
};

/* A fact computed from the plugin's own tables: readiness, metrics and the portfolio gather them without knowing the areas. */
struct bl_signal {
    const char *name;   /* "scope_in_force" */
    const char *clause; /* "4.3" */
    const char *label;
    const char *sql; /* $1 tenant; one row: value bigint (NULL: nothing to measure), of bigint (NULL: a plain count),
                           good boolean: never true without a record to show */
};

/* What an area does by itself as time passes: `ballium work` calls it in each active organisation, in a transaction of its own.
 */
struct bl_duty {
    const char *name; /* "expire_acceptances" */
    long period;      /* seconds from the end of one round to the next */
    bl_handler run;   /* actor is BL_SERVICE, which may do everything; no answer is written. Finds its due rows, some hundred at
                         most at a time, and acts on each. A failure undoes this organisation's round and stops no other's. */
};

/* Work that a request orders with bl_enqueue and does not wait for. */
struct bl_job {
    const char *name; /* "print_soa"; as a kind: "planning.print_soa" */
    /* In the tenant, in the name and with the permissions of who ordered it, in one transaction that also says that the job is
     * done. `outcome` (may stay NULL; given away) is shown by GET …/jobs/{id}. BL_UNAVAILABLE, BL_INTERNAL: tried again later;
     * any other failure is the job's end. */
    enum bl_status (*run)(struct bl_request *, const json_t *input, json_t **outcome);
};

/* Takes what another organisation has sent with bl_send, in this organisation, as BL_SERVICE. */
struct bl_inbox {
    const char *name; /* "finding"; as a kind: "certification.finding" */
    enum bl_status (*receive)(struct bl_request *, const char *from_tenant, const json_t *message);
};

/* What an area wants to hear of another one, in the transaction of the change: an area tells nobody and knows nobody who listens.
 * Where the other area is not loaded, nothing is heard. */
struct bl_watch {
    const char *what; /* "operation.assets": a record is created, updated, archived, restored or makes a transition; the change is
                         that of the resource's own .after. "operation.incidents.risks": two records are linked or unlinked by
                         that relation; the change is that of the relation's own .after */
    bl_rule told;     /* after the rules of the area itself. Actor is BL_SERVICE, which may do everything, for who changed the one
                         record need not be allowed to change the other. A failure refuses the change as a whole, so let it
                         refuse nothing that is the other area's to decide. */
};

/* A document of records: POST /api/v1/orgs/{org}/<area>/reports/<name> with {"id", "format": "pdf" or "xlsx", …} answers 202 and
 * a job. The job calls `make`; the core renders what it answers, keeps it as a file of the organisation and says which in its
 * outcome. The document is data (given away):
 *   {"title", "subtitle", "version", "classification", "approval": [{"role", "name", "date"}], "facts": [["label", "value"]],
 *    "sections": [{"heading", "text", "markdown": true, "table": {"columns": [{"title", "width", "kind": "text|number|date"}],
 *                  "rows": [["…"]]}, "image_svg"}]}
 * `width` in characters; only "title" is needed; the core adds the organisation's name and the moment. */
struct bl_report {
    const char *name; /* "soa" */
    const char *label;
    const char *permission; /* whole: "planning.soa_version:read" */
    enum bl_status (*make)(struct bl_request *, const json_t *order, json_t **document);
};

struct bl_plugin {
    struct bl_abi abi;   /* = BL_ABI; first, so that it can be read whatever else changed */
    const char *name;    /* "annex_a"; symbol bl_plugin_annex_a; schema and permission prefix of that name; hyphen in paths */
    const char *version; /* of the plugin, "1.0.0" */
    const char *clause;  /* "4" */
    const char *label, *help;
    const char *requires;    /* list of plugins whose tables this one references; NULL: none */
    const char *permissions; /* list of further "thing:verb" that only routes use */
    const struct bl_resource *resources;
    const struct bl_route *routes;
    const struct bl_migration *migrations; /* filled by the build: bl_migrations_<name> */
    const struct bl_signal *signals;
    int (*init)(const struct bl_core *); /* once per process before the first request; not 0: the start stops. May be NULL */
    void (*fini)(void);                  /* at the end of the process. May be NULL */
    const struct bl_duty *duties;
    const struct bl_job *jobs;
    const struct bl_inbox *inboxes;
    const struct bl_report *reports; /* ends with a zeroed element */
    const struct bl_watch *watches;  /* ends with a zeroed element */
};

#define BL_ABI                                                                                                                   \
    {                                                                                                                            \
        .major = BL_ABI_MAJOR, .minor = BL_ABI_MINOR, .plugin = sizeof(struct bl_plugin),                                        \
        .resource = sizeof(struct bl_resource), .field = sizeof(struct bl_field), .relation = sizeof(struct bl_relation),        \
        .state = sizeof(struct bl_state), .transition = sizeof(struct bl_transition),                                            \
        .constraint = sizeof(struct bl_constraint), .route = sizeof(struct bl_route), .migration = sizeof(struct bl_migration),  \
        .signal = sizeof(struct bl_signal), .duty = sizeof(struct bl_duty), .job = sizeof(struct bl_job),                        \
        .inbox = sizeof(struct bl_inbox), .report = sizeof(struct bl_report), .watch = sizeof(struct bl_watch)                   \
    }

#endif
