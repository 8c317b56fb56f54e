/* A CSV file as records: read (import_read.c), checked (import_check.c), written (import.c). All or nothing. */
#ifndef RESOURCE_IMPORT_H
#define RESOURCE_IMPORT_H

#include "resource/csv.h"
#include "resource/plan.h"
#include "resource/within.h"

#define IMPORT_BODY ((size_t)16 << 20)

/* A column of the file that is a member of the record. */
struct import_column {
    const struct plan_column *column;
    size_t cell; /* its place in a row of the file */
};

struct import_line {
    unsigned number;        /* in the file, from 1 */
    const char *part;       /* "/lines/17" */
    struct csv_cell *cells; /* one per import_column */
    const char *id;
    json_t *before; /* the record as it is; NULL: the line makes one */
    json_t *body;   /* what it sets; NULL: nothing */
    bool wrong;     /* an objection was made */
    struct plan_values values;
};

struct import {
    struct bl_request *request;
    const struct plan *plan;
    struct arena *arena; /* of the cells */
    struct within *within;
    struct import_column columns[PLAN_COLUMNS];
    size_t column_count;
    int id, ref; /* indexes into columns; -1: not in the file */
    struct import_line **lines;
    size_t count, created, updated;
    enum bl_status status; /* BL_OK until the first objection */
    char *text;            /* the last of import_text */
};

/* JSON as text, until it is called again. */
const char *import_text(struct import *, const json_t *);

/* An objection to a line; `member` NULL: to the whole of it. */
void import_object(struct import *, struct import_line *, const char *member, const char *code, const char *detail);

/* From text to lines. Each returns import.status. */
BL_MUST_CHECK enum bl_status import_read(struct import *, const char *text, size_t length);
/* Finds the records that lines name, and makes a validated body of every line. */
BL_MUST_CHECK enum bl_status import_bodies(struct import *);
/* What the database would object to, asked before anything is written, so that every line that is wrong can be named: references
 * that lead nowhere, values that are taken, CHECK constraints. */
BL_MUST_CHECK enum bl_status import_check(struct import *);

#endif
