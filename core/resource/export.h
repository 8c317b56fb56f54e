/* Lists as files: what CSV and XLSX share. */
#ifndef RESOURCE_EXPORT_H
#define RESOURCE_EXPORT_H

#include "base/buf.h"
#include "resource/plan.h"
#include "resource/statement.h"

#define EXPORT_ROWS 100000

/* Which columns the caller wants. 422 when more than EXPORT_ROWS records match: a file cannot say later that it is not whole,
 * because its first bytes have left by then. Who takes the list away as a file is on the trail when this returns. */
BL_MUST_CHECK enum bl_status export_start(struct bl_request *, const struct plan *, const char *format, uint64_t *columns);

/* Adds the statement that leaves the event: of which list ("context.issues"), in which format, by which filters (their names
 * alone: a value may be a word that somebody wants forgotten). It goes with BL_APART. BL_BAD_REQUEST: too many arguments. */
BL_MUST_CHECK enum bl_status export_put_note(struct statement *, const char *list, const char *format);

/* Status and headers of the answer; the file is called <organisation>-<area>-<resource>-<day>.<extension>. */
void export_respond(struct bl_request *, const struct plan *, const char *media_type, const char *extension);

/* The elements of a BL_LIST column (JSON text) as one cell, "a; b", in `out`, which is emptied first. */
void export_list(struct buf *out, const char *json);

#endif
