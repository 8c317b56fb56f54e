/* Lists as files: what CSV and XLSX share. */
#ifndef RESOURCE_EXPORT_H
#define RESOURCE_EXPORT_H

#include "base/buf.h"
#include "resource/plan.h"

#define EXPORT_ROWS 100000

/* Which columns the caller wants. 422 when more than EXPORT_ROWS records match: a file cannot say later that it is not whole,
 * because its first bytes have left by then. */
BL_MUST_CHECK enum bl_status export_start(struct bl_request *, const struct plan *, uint64_t *columns);

/* Status and headers of the answer; the file is called <organisation>-<area>-<resource>-<day>.<extension>. */
void export_respond(struct bl_request *, const struct plan *, const char *media_type, const char *extension);

/* The elements of a BL_LIST column (JSON text) as one cell, "a; b", in `out`, which is emptied first. */
void export_list(struct buf *out, const char *json);

#endif
