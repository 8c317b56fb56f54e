/* What a plugin says about its resources. All of it is constant data with static storage: the core checks it before it calls a
 * line of the plugin, and makes routes, SQL, validation, documents and forms from it. Strings are UTF-8; a "list" is words
 * separated by one space; arrays end with a zeroed element. */
#ifndef BALLIUM_RESOURCE_H
#define BALLIUM_RESOURCE_H

#include <ballium/status.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct bl_request;

/* type          column                 JSON                          min, max */
enum bl_type {
    BL_TEXT = 1, /* text                 string                        length in code points; max 0 means 200 (BL_LONG: 20,000) */
    BL_ENUM,     /* text with CHECK      string, one of .values        - */
    BL_INT,      /* integer              number                        value; both 0: any 32-bit integer */
    BL_DECIMAL,  /* numeric(18,.scale)   string such as "12.50"        value as integers */
    BL_BOOL,     /* boolean              true, false                   - */
    BL_DATE,     /* date                 "2026-01-31"                  - */
    BL_TIME,     /* timestamptz          RFC 3339, UTC                 - */
    BL_REF,      /* uuid                 id of a row of .ref           - */
    BL_LIST,     /* text[]               array of strings; of .values, when given; max: how many (0: 100) */
    BL_ITEMS,    /* jsonb                array of objects of .items; max: how many (0: 100) */
};

enum bl_field_flag {
    BL_REQUIRED = 1 << 0,  /* NOT NULL, must be given on create and cannot be set to null */
    BL_FILTER = 1 << 1,    /* may stand in a filter, and in sort */
    BL_SEARCH = 1 << 2,    /* its words are in the search index (TEXT and LIST) */
    BL_DUE = 1 << 3,       /* DATE: on the calendar while the record is live and its state is not BL_CLOSED */
    BL_OWNER = 1 << 4,     /* REF to core.member: "my work", who is reminded */
    BL_PERSONAL = 1 << 5,  /* personal data: goes when the person is erased */
    BL_UNIQUE = 1 << 6,    /* one live row per tenant may have the value */
    BL_SERVER = 1 << 7,    /* set by the plugin's code or a transition's .sets only; refused in a body */
    BL_GENERATED = 1 << 8, /* GENERATED ALWAYS AS (.expr) STORED; refused in a body */
    BL_FIXED = 1 << 9,     /* given on create, never changed after */
    BL_LONG = 1 << 10,     /* TEXT of paragraphs (Markdown) */
    BL_TITLE = 1 << 11,    /* the text that names the record to people: calendar, search, links. One per resource. */
};

struct bl_field {
    const char *name; /* snake_case; the column and the JSON member */
    enum bl_type type;
    unsigned flags;
    const char *label, *help; /* for people; label NULL: made from the name */
    long min, max;
    int scale;           /* DECIMAL: digits behind the point */
    const char *values;  /* ENUM, LIST: the allowed words */
    const char *ref;     /* REF: "area.resource", "core.member" or "core.file"; the area must be this one or in .requires */
    const char *initial; /* value when the body has none, as text ("3", "draft", "true") */
    const char *expr;    /* GENERATED: SQL over columns of the same row */
    const struct bl_field *items; /* ITEMS: fields of each object (TEXT ENUM INT DECIMAL BOOL DATE only) */
    const char *example;          /* for the OpenAPI document and the import template, as text */
};

/* One row of what a plugin wants changed, given to hooks. `before` is NULL on create, `after` holds the whole record as it
 * will be (readable members only; borrowed). A hook may set BL_SERVER fields in `after`. */
struct bl_change {
    const struct bl_resource *resource;
    const char *id;
    const char *verb; /* "create", "update", "archive", "restore" or the transition's name */
    json_t *before, *after;
    json_t *input; /* transition: its validated input, else NULL */
};

/* A rule in C. Returns BL_OK or what bl_fail returned. Runs inside the transaction: bl_sql works. */
typedef enum bl_status (*bl_rule)(struct bl_request *, const struct bl_change *);

/* A many-to-many relation, kept in core.link. The other area need not be loaded. */
struct bl_relation {
    const char *name;    /* "controls" */
    const char *to;      /* "annex_a.controls" */
    const char *inverse; /* the name it has at the other end: "risks" */
    const char *label, *help;
    bl_rule after; /* after a link was made or removed, same transaction: .id the record that declares the relation, .verb
                      "link" or "unlink", .input {"relation", "id" of the other end}; .before and .after are NULL */
};

enum bl_state_flag {
    BL_INITIAL = 1 << 0, /* state of a new record; exactly one */
    BL_FROZEN = 1 << 1,  /* fields cannot be changed by PATCH, nor links of its own relations */
    BL_CLOSED = 1 << 2,  /* over: no longer due, no longer work */
};

struct bl_state {
    const char *name, *label, *help;
    unsigned flags;
};

enum bl_transition_flag {
    BL_NOT_AUTHOR = 1 << 0, /* refused to the person who created the record or last edited its content: separation of duties */
    BL_REASON = 1 << 1,     /* a text member "reason" is required in the body and kept in the event */
};

struct bl_transition {
    const char *name;       /* verb in the path: POST …/{id}:approve */
    const char *from;       /* list of states */
    const char *to;         /* NULL: it stays in its state: an act on the record, such as a reminder */
    const char *permission; /* the verb of the permission, "approve" -> context.scope:approve; NULL: "write" */
    unsigned flags;
    const char *needs;            /* list of fields that must hold a value */
    const char *sets;             /* list of "field=now|today|actor|input": BL_SERVER fields the engine fills; input: with that
                                     member of .input, of the same type (none of LIST, ITEMS) */
    const struct bl_field *input; /* further members of the body */
    const char *guard;            /* SQL, $1 tenant, $2 id, $3 actor (uuid): each row (pointer, code, detail) is an objection */
    bl_rule rule;                 /* before the row is written */
    bl_rule after;                /* after it was written, same transaction: for other records */
    const char *label, *help;
};

/* A constraint or unique index of the migration, so that the caller reads words instead of its name. */
struct bl_constraint {
    const char *name, *pointer, *code, *detail;
};

enum bl_resource_flag {
    BL_APPEND_ONLY = 1 << 0, /* no PATCH, no archive: measurements, records of what was */
    BL_UPLOADED = 1 << 1,    /* core.files alone: a record comes with its bytes, never from JSON or CSV */
};

struct bl_resource {
    const char *name;     /* "interested_parties": plural; hyphens in paths */
    const char *singular; /* "interested_party": in permissions and texts */
    const char *table;    /* "context.interested_party" */
    const char *prefix;   /* of the reference: "IP" gives IP-12 */
    const char *clause;   /* "4.2" */
    const char *label, *help;
    unsigned flags;
    const struct bl_field *fields;
    const struct bl_relation *relations;
    const struct bl_state *states; /* NULL: no workflow, no status column */
    const struct bl_transition *transitions;
    const struct bl_constraint *constraints;
    const char *sort; /* default order, "-priority"; NULL: "-created_at" */
    bl_rule before;   /* cross-field rules; on create and update, before the row is written */
    bl_rule after;    /* on create, update, archive, restore, after the row is written */
    bl_rule retire;   /* on archive and restore, before: may refuse. .after NULL */
};

/* Every resource's table also has, in this order and before its fields:
 *   tenant_id uuid, id uuid, ref text, version integer, created_at timestamptz, created_by uuid, updated_at timestamptz,
 *   updated_by uuid, archived_at timestamptz, and status text where there is a workflow.
 * `ballium plugin ddl NAME` prints all of it. */

#endif
