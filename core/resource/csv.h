/* Comma-separated values (RFC 4180) as spreadsheets read and write them. Pure functions over memory: no I/O.
 *
 * Formulas: a spreadsheet runs a cell that begins with = + - @ TAB or CR. The writer puts one apostrophe before such a text, also
 * when apostrophes stand before it already; csv_plain takes exactly one away from what begins so. Hence what was written comes
 * back as it was: '=1 is written as ''=1 and read as '=1. */
#ifndef RESOURCE_CSV_H
#define RESOURCE_CSV_H

#include "base/buf.h"
#include <stdbool.h>

#define CSV_FIELD_MAX 65536 /* bytes of one cell */
#define CSV_COLUMNS_MAX 200
#define CSV_ROWS_MAX 10000 /* without the header */

/* A cell lies in the text that was given or in the arena; not NUL-terminated. */
struct csv_cell {
    const char *text;
    size_t length;
};

enum csv_result { CSV_ROW, CSV_END, CSV_BAD };

struct csv {
    struct csv_cell cells[CSV_COLUMNS_MAX]; /* of the last row */
    unsigned count;
    unsigned line; /* the line on which the last row begins */
    unsigned rows; /* rows returned so far, the header among them */

    /* after CSV_BAD: what, where; a constant text each */
    const char *code, *detail;
    unsigned bad_line, bad_column; /* from 1; columns in code points */

    struct arena *arena;
    const char *at, *end, *line_start;
    unsigned line_now;
    char separator; /* ',' or ';': whichever stands more often in the first line, outside quotes */
};

/* The text is borrowed until the last row was read. Skips a byte order mark. */
void csv_start(struct csv *, struct arena *, const char *text, size_t length);

/* The next row; empty lines are passed over. After CSV_BAD reading is over: what follows has no sure place. */
enum csv_result csv_next(struct csv *);

/* Adds a cell, quoted where RFC 4180 needs it. `guard`: a text that a spreadsheet could take for a formula gets its apostrophe;
 * numbers are written without, so that -5 stays a number. */
void csv_put(struct buf *, const char *text, size_t length, bool guard);

/* What a cell says without the apostrophe that csv_put added. */
struct csv_cell csv_plain(struct csv_cell);

/* A list in one cell: "a; b", with a backslash before ; and \ of an element and before a blank at its ends. csv_list_next takes
 * the next element out of `cell` into `element`; false: none is left. An empty cell is an empty list. */
void csv_list_put(struct buf *, const char *element, size_t length, bool first);
bool csv_list_next(struct arena *, struct csv_cell *cell, struct csv_cell *element);

#endif
